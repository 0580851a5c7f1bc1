#include "engine/warnings.hpp"

#include "engine/engine.hpp"

#include <spdlog/spdlog.h>

namespace troupe::engine {

void warn_of_odd_numbers(const std::string& file, const std::string& tensor) {
  spdlog::warn("{}: tensor '{}' holds numbers that are NaN or infinite", file, one_line(tensor));
}

} // namespace troupe::engine
