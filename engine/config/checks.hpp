// Bounds of a configuration, whichever kind of file it came from.
#pragma once

#include "engine/model_config.hpp"

namespace troupe::engine {

/// Throws `load_error` when `value` is not between 1 and `limit`.
void check_range(const std::string& where, const char* name, std::size_t value, std::size_t limit);

/// Throws `load_error` that names what is out of bounds. Afterwards every product of two of the numbers, and every
/// tensor's size, is inside 63 bits.
void check(const model_config& config, const std::string& where);

} // namespace troupe::engine
