// Decides who runs next, and where.
#pragma once

#include <map>
#include <optional>

#include <caf/all.hpp>

#include "actors/options.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/schedule.hpp"

namespace troupe {

struct scheduler_state {
  std::optional<schedule> plan;
  /// Whom to tell, by sequence: from its request until it has left or is not wanted any more.
  std::map<sequence_key, generation_actor> generations;
  /// Workers that are there.
  std::map<worker_id, worker_actor> workers;
  /// Hears of workers that stall or have drained.
  supervisor_actor supervisor;
  bool tick_armed = false;
  /// As last told to the metrics.
  scheduler_load load;
};

/// The scheduler. Every decision is `schedule`'s; the actor carries it out. A generation hears `placement` before its
/// worker hears `assignment`. A `room` counts only when its sender is the worker that is there under that id now.
/// `hasher` names the blocks of prompts in its own map of what each worker's cache may hold.
scheduler_actor::behavior_type scheduler(scheduler_actor::stateful_pointer<scheduler_state> self,
  scheduler_options options, cache::block_hasher hasher, metrics_actor metrics);

} // namespace troupe
