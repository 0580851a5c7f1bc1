// Who waits, who runs where, and what follows from each event: plain data, no actor.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "actors/options.hpp"
#include "actors/placement.hpp"
#include "actors/protocol/types.hpp"
#include "actors/run_queue.hpp"

namespace troupe {

/// What others are to be told, each list in the order of the decisions.
struct schedule_orders {
  struct placed {
    worker_id worker = 0;
    assignment work;
  };
  struct removal {
    worker_id worker = 0;
    sequence_key key;
    epoch_id epoch = 0;
  };

  /// To workers: a sequence that is not wanted any more.
  std::vector<removal> removals;
  /// To generations: no worker can ever take the sequence.
  std::vector<sequence_failed> failed;
  /// To generations: the place is gone, ask anew.
  std::vector<sequence_lost> lost;
  /// To a generation, then to its worker.
  std::vector<placed> placements;
  /// Sequences of which their generation needs to hear no more.
  std::vector<sequence_key> forgotten;
};

/// The scheduler's whole knowledge and all its decisions.
///
/// Events go in; `decide` places what can be placed and hands out what others must be told. Each model has a queue of
/// its own, and nobody overtakes the head of a queue: a head that fits no worker yet waits for room, so that a long
/// prompt is never starved by short ones. Not thread safe: one actor owns it.
class schedule {
public:
  explicit schedule(scheduler_options options) : options_{options} {}

  /// Queues a sequence. Returns false, and does nothing, when it waits or runs already.
  bool request(placement_request work, time_point now);

  /// Drops a sequence that waits; tells the worker of one that runs to let it go. Its place counts as taken until the
  /// worker says that it has left.
  void cancel(const sequence_key& key);

  /// A worker is there, empty. Whatever a predecessor held is lost.
  void worker_is_ready(const worker_ready& ready);

  /// A worker is gone. Its sequences are lost; its size stays known, as it is expected back.
  void worker_is_gone(worker_id id);

  /// What a worker can take and who left it. The caller has made sure that it comes from the worker that is there
  /// under this id, and not from a predecessor.
  void worker_has_room(const room& free);

  /// Places who can be placed, and hands out all that is to be told since the last call.
  schedule_orders decide();

  scheduler_load load() const;

private:
  struct entry {
    /// Goes to the worker with the assignment.
    placement_request work;
    std::uint64_t rank = 0;
    /// Zero while it waits.
    epoch_id epoch = 0;
    worker_id worker = 0;
    bool cancelled = false;
  };

  using entries = std::map<sequence_key, entry>;

  void place_queue(const std::string& model, run_queue& queue);
  void place(entry& sequence, worker_credit& worker);
  void take_leave(const departure& who, worker_credit& worker);
  void lose(entries::iterator sequence);
  void forget(entries::iterator sequence);

  scheduler_options options_;
  entries entries_;
  std::map<std::string, run_queue> queues_;
  std::map<worker_id, worker_credit> workers_;
  schedule_orders orders_;
  epoch_id last_epoch_ = 0;
  std::uint64_t arrivals_ = 0;
  std::uint32_t running_ = 0;
};

/// Who gives way when blocks run out: the lowest priority first, then who arrived last.
std::uint64_t eviction_rank(std::int32_t priority, time_point arrived);

} // namespace troupe
