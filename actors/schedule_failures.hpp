// What the scheduler tells a generation whose sequence cannot be placed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "actors/placement.hpp"
#include "actors/protocol/types.hpp"

namespace troupe {

/// No worker of its model is large enough.
sequence_failed too_long(const placement_request& work, const std::vector<candidate>& candidates);

sequence_failed no_tokens(const placement_request& work);

/// No worker holds its model, and none will.
sequence_failed no_worker(const sequence_key& key, const model_lost& lost);

/// Too many workers died of it.
sequence_failed too_many_strikes(const sequence_key& key, epoch_id epoch, std::uint32_t strikes);

} // namespace troupe
