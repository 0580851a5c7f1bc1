// Watches over the workers' lives.
#pragma once

#include <vector>

#include <caf/all.hpp>

#include "actors/options.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/worker_life.hpp"
#include "actors/world.hpp"

namespace troupe {

struct supervisor_state {
  /// By worker id.
  std::vector<worker_life> lives;
  std::vector<worker_actor> workers;
};

/// The supervisor. Spawns one worker per entry of `workers`, with its place there as its id, and starts a worker
/// that failed again after a delay, unless its model cannot be loaded. Workers end with it.
supervisor_actor::behavior_type supervisor(supervisor_actor::stateful_pointer<supervisor_state> self,
  supervisor_options options, std::vector<worker_options> workers, scheduler_actor scheduler, fan_out_actor fan_out,
  metrics_actor metrics, world outside);

} // namespace troupe
