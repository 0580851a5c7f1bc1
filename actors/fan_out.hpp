// Gives each generation its part of a worker's step.
#pragma once

#include <unordered_map>

#include <caf/all.hpp>

#include "actors/protocol/interfaces.hpp"

namespace troupe {

struct fan_out_state {
  /// Looked up, never walked.
  std::unordered_map<run_id, generation_actor> runs;
};

/// The fan_out. What a step gave a run that is not registered (any more) is dropped: it was cancelled.
fan_out_actor::behavior_type fan_out(fan_out_actor::stateful_pointer<fan_out_state> self);

} // namespace troupe
