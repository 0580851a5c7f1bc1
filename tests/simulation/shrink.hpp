// Makes a story that fails smaller.
#pragma once

#include <functional>

#include "tests/simulation/scenario.hpp"

namespace troupe::simulation {

/// Drops events and makes requests plainer for as long as `fails` says that the story still fails in the same way.
/// Returns the smallest story found. Asks at most `tries` times.
scenario shrink(scenario story, const std::function<bool(const scenario&)>& fails, std::size_t tries = 600);

} // namespace troupe::simulation
