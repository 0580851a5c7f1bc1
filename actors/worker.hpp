// Holds a model and its KV cache on one device; steps the batch it holds.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include <caf/all.hpp>

#include "actors/options.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/resident_batch.hpp"
#include "actors/world.hpp"

namespace troupe {

/// What one worker owns.
struct worker_self {
  std::unique_ptr<engine::engine> engine;
  std::unique_ptr<resident_batch> batch;
  /// Whether a `step_atom` is on its way to ourselves.
  bool stepping = false;
  /// Steps in a row that threw for every row they had.
  std::size_t fruitless_steps = 0;
  /// Whether a drill has the next step throw.
  bool throw_once = false;
};

/// Whom a worker tells what.
struct worker_peers {
  scheduler_actor scheduler;
  fan_out_actor fan_out;
  metrics_actor metrics;
  supervisor_actor supervisor;
};

/// What a worker works with.
struct worker_tools {
  engine_loader load;
  cache::block_hasher hasher;
  /// Keeps the thread for a while.
  std::function<void()> hang;
  /// Null where no answer can be held to a grammar.
  std::shared_ptr<grammar_store> grammars = nullptr;
};

/// A worker. Loads its engine before it takes a message; spawned detached, in its own thread. Tells the supervisor
/// `worker_ready`, or `worker_failed` and ends. Ends with its supervisor.
///
/// One message per step goes to the fan_out, one `room` to the scheduler, one `step_record` to the metrics. A step
/// that throws is run again row by row: rows that throw again fail alone. When several rows fail and none goes
/// through, or single rows do so three steps in a row, the engine is broken: `worker_failed`, and the end.
worker_actor::behavior_type worker(worker_actor::stateful_pointer<worker_self> self, worker_id id,
  worker_options options, worker_peers peers, worker_tools tools);

} // namespace troupe
