// Watches over the workers' lives.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include "actors/options.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/worker.hpp"
#include "actors/worker_life.hpp"
#include "actors/world.hpp"

namespace troupe {

using time_point = std::chrono::steady_clock::time_point;

struct supervisor_state;
using supervisor_pointer = supervisor_actor::stateful_pointer<supervisor_state>;

/// The workers that there are, and what is done about each.
///
/// A worker's id is its own for good: a successor after a failure has the same, a worker that a reload adds has the
/// next one that was never used.
struct supervisor_state {
  explicit supervisor_state(supervisor_pointer self) : self_{self} {}

  void start(supervisor_options options, const std::vector<worker_options>& workers, worker_peers peers,
    cache::block_hasher hasher, world outside);

  void became_ready(const worker_ready& ready, const worker_actor& handle);
  void said_why(const worker_failed& failed, const caf::strong_actor_ptr& sender);
  void ended(const caf::down_msg& down);
  void stalled(worker_id id, timespan idle);
  void drained(worker_id id);
  void restart(worker_id id);
  order_result drill(worker_id id, drill_kind what);
  reload_result reload();
  company_status status() const;

private:
  struct entry {
    worker_options options;
    worker_life life;
    /// Null while it is not there.
    worker_actor handle;
    /// Whether its next end is a drill's.
    bool drilled = false;
    /// Whether a reload took it out.
    bool removed = false;
  };
  using entries = std::map<worker_id, entry>;

  worker_id add(const worker_options& options);
  void spawn(worker_id id, entry& x);
  void lose(worker_id id, entry& x, const std::string& reason);
  void remove(entries::iterator found);
  void report_lost_model(const std::string& model, const std::string& reason);
  void tell_metrics(const entry& x);
  entry* find(worker_id id);
  time_point now() const;

  supervisor_pointer self_;
  supervisor_options options_;
  worker_peers peers_;
  std::optional<worker_tools> tools_;
  world outside_;
  entries workers_;
  worker_id next_id_ = 0;
  /// Workers that hung: they were told to end, and will when they come back.
  std::vector<worker_actor> abandoned_;
};

/// The supervisor. Spawns one worker per entry of `workers`, with its place there as its id, and starts a worker
/// that failed or hung again after a delay, unless its model cannot be loaded. Workers end with it.
supervisor_actor::behavior_type supervisor(supervisor_pointer self, supervisor_options options,
  std::vector<worker_options> workers, scheduler_actor scheduler, fan_out_actor fan_out, metrics_actor metrics,
  cache::block_hasher hasher, world outside);

} // namespace troupe
