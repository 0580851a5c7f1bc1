// What the engine logs.
#pragma once

#include <string>

namespace troupe::engine {

/// A tensor of a model's file holds numbers that are NaN or infinite.
void warn_of_odd_numbers(const std::string& file, const std::string& tensor);

} // namespace troupe::engine
