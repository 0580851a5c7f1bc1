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
#include "cache/block_hash.hpp"
#include "cache/prefix_map.hpp"

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
  struct stall {
    worker_id worker = 0;
    timespan idle{0};
  };

  /// To workers: a sequence that is not wanted any more.
  std::vector<removal> removals;
  /// To generations: no worker can ever take the sequence, or too many died of it.
  std::vector<sequence_failed> failed;
  /// To generations: the place is gone, ask anew.
  std::vector<sequence_lost> lost;
  /// To a generation, then to its worker.
  std::vector<placed> placements;
  /// Sequences of which their generation needs to hear no more.
  std::vector<sequence_key> forgotten;
  /// To the supervisor: workers that do not move, each once, and workers that were to drain and are empty.
  std::vector<stall> stalled;
  std::vector<worker_id> drained;
};

/// The scheduler's whole knowledge and all its decisions.
///
/// Events go in; `decide` places what can be placed and hands out what others must be told. Each model has a queue of
/// its own, and nobody overtakes the head of a queue: a head that fits no worker yet waits for room, so that a long
/// prompt is never starved by short ones.
///
/// When a worker dies of its work, any sequence on it may be to blame. Each gets a strike and is on trial at its next
/// worker until its whole sequence has gone through the model there; a worker has one sequence on trial at a time,
/// and when it dies, that one alone is to blame. Who passes has no strike any more; who collects too many is failed.
///
/// Not thread safe: one actor owns it.
class schedule {
public:
  schedule(scheduler_options options, cache::block_hasher hasher) : options_{options}, hasher_{std::move(hasher)} {}

  /// Queues a sequence. Returns false, and does nothing, when it waits or runs already.
  bool request(placement_request work, time_point now);

  /// Drops a sequence that waits; tells the worker of one that runs to let it go. Its place counts as taken until the
  /// worker says that it has left.
  void cancel(const sequence_key& key);

  /// A worker is there, empty. Whatever a predecessor held is lost.
  void worker_is_ready(const worker_ready& ready);

  /// A worker is gone. Its sequences are lost; its size stays known when it is expected back.
  void worker_is_gone(const worker_gone& gone);

  /// The worker takes nothing new. `drained` says when it is empty.
  void drain_worker(worker_id id);

  /// What waits for the model fails, and so does what asks for it until a worker is ready that holds it.
  void lose_model(const model_lost& lost);

  /// A lost model may be asked for again: what asks for it waits.
  void hope_for(const std::string& model) { lost_models_.erase(model); }

  /// What a worker can take and who left it. The caller has made sure that it comes from the worker that is there
  /// under this id, and not from a predecessor.
  void worker_has_room(const room& free, time_point now);

  /// Looks for workers that do not move.
  void look_for_stalls(time_point now);

  /// Places who can be placed, and hands out all that is to be told since the last call.
  schedule_orders decide(time_point now);

  scheduler_load load() const;

private:
  struct entry {
    /// Goes to the worker with the assignment.
    placement_request work;
    std::uint64_t rank = 0;
    /// Zero while it waits.
    epoch_id epoch = 0;
    worker_id worker = 0;
    std::uint32_t strikes = 0;
    bool on_trial = false;
    bool cancelled = false;
    /// Hashes of its full blocks of `hashed_block_size` tokens; that is 0 while they are not known.
    std::size_t hashed_block_size = 0;
    std::vector<cache::block_hash> hashes;
  };

  using entries = std::map<sequence_key, entry>;

  void place_queue(const std::string& model, run_queue& queue, time_point now);
  std::vector<candidate> candidates_for(entry& sequence, const std::vector<worker_id>& workers);
  const std::vector<cache::block_hash>& hashes_of(entry& sequence, std::size_t block_size);
  void place(entry& sequence, worker_credit& worker, time_point now);
  void pass_trial(const sequence_key& key, worker_credit& worker);
  void take_leave(const departure& who, worker_credit& worker);
  void end_trial(entry& sequence, worker_credit& worker);
  void lose(entries::iterator sequence);
  void strike(entries::iterator sequence);
  void forget(entries::iterator sequence);

  scheduler_options options_;
  cache::block_hasher hasher_;
  entries entries_;
  std::map<std::string, run_queue> queues_;
  std::map<worker_id, worker_credit> workers_;
  cache::prefix_map prefixes_;
  /// Why no worker will hold these models.
  std::map<std::string, model_lost> lost_models_;
  schedule_orders orders_;
  epoch_id last_epoch_ = 0;
  std::uint64_t arrivals_ = 0;
  std::uint32_t running_ = 0;
};

/// Who gives way when blocks run out: the lowest priority first, then who arrived last.
std::uint64_t eviction_rank(std::int32_t priority, time_point arrived);

} // namespace troupe
