// How a running server loads a model, and what is left of one that has gone.
#pragma once

#include <memory>

#include "engine/engine.hpp"

namespace troupe::app {

/// Loads on a thread of its own, one that gives way to those that compute tokens, as do the threads that it starts.
/// Throws `engine::load_error`.
std::unique_ptr<engine::engine> load_gently(const engine::engine_options& options, engine::weight_store& weights);

/// Gives back to the system what the allocator keeps of weights that have gone.
void trim_memory();

} // namespace troupe::app
