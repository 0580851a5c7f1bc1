// Watches over the workers' lives.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include "actors/model_memory.hpp"
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
  void hear(const scheduler_load& load);
  void look_for_idle();
  void try_again(const std::string& model);

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
    /// Whether somebody waited when it was loaded.
    bool demanded = false;
    /// Whether its model leaves the memory, and why.
    bool leaving = false;
    std::string why_leaving = {};
  };
  /// What is known of a model beside its workers.
  struct model_entry {
    residence options;
    std::uint32_t running = 0;
    std::uint32_t waiting = 0;
    time_point last_used{};
    time_point wanted_since{};
    /// Between the load that failed last and the next.
    timespan delay{0};
    /// Whether that one is still to come.
    bool barred = false;
    /// Why it was refused last, as the log has it already: whoever asks again and again shall not fill the log.
    std::string refusal = {};
  };
  using entries = std::map<worker_id, entry>;

  worker_id add(const worker_options& options);
  void spawn(worker_id id, entry& x);
  void lose(worker_id id, entry& x, const std::string& reason);
  void remove(entries::iterator found);
  void report_lost_model(const std::string& model, const std::string& reason);
  void tell_metrics(const entry& x);
  entry* find(worker_id id);

  // Which models are in memory.
  std::uint64_t bytes_of(const std::string& model) const;
  model_place place_of(const std::string& model) const;
  std::vector<model_claim> claims() const;
  bool starts_unloaded(const worker_options& options) const;
  /// Has models loaded that are waited for, and others give way.
  void share();
  void fetch(const std::string& model);
  void put_away(const std::string& model, const std::string& why);
  void rest(worker_id id, entry& x, const std::string& why);
  /// Whether nobody else loads or holds the model that somebody waits for.
  bool is_last_hope(worker_id id, const entry& x) const;
  void fail_load(worker_id id, entry& x, const std::string& reason);
  /// Comes back when the next model will have been without work for its time.
  void watch_idle();
  time_point now() const;

  supervisor_pointer self_;
  supervisor_options options_;
  worker_peers peers_;
  std::optional<worker_tools> tools_;
  world outside_;
  entries workers_;
  std::map<std::string, model_entry> models_;
  /// When `look_for_idle` is due.
  std::optional<time_point> idle_check_;
  worker_id next_id_ = 0;
  /// Workers that hung: they were told to end, and will when they come back.
  std::vector<worker_actor> abandoned_;
};

/// The supervisor. Spawns one worker per entry of `workers`, with its place there as its id, and starts a worker
/// that failed or hung again after a delay, unless its model cannot be loaded. Workers end with it.
///
/// A model that is on demand, or has left the memory, is loaded when the scheduler says that somebody waits for it. All
/// its workers come and go together; they are drained first, so that whoever runs ends in peace.
supervisor_actor::behavior_type supervisor(supervisor_pointer self, supervisor_options options,
  std::vector<worker_options> workers, scheduler_actor scheduler, fan_out_actor fan_out, metrics_actor metrics,
  cache::block_hasher hasher, world outside);

} // namespace troupe
