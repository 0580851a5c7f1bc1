#include "tests/simulation/journal.hpp"

#include <utility>

#include <spdlog/fmt/fmt.h>

namespace troupe::simulation {

void journal::note(std::string line) {
  for (const char c : line)
    mix(static_cast<unsigned char>(c));
  const auto now = clock ? clock().time_since_epoch() : time_point::duration{0};
  lines_.push_back(fmt::format("{:>9.1f} ms  {}", std::chrono::duration<double, std::milli>(now).count(), line));
}

void journal::breaks(std::string check, std::string what) {
  note("BROKEN: " + check + ": " + what);
  if (!broken_)
    broken_ = breach{std::move(check), std::move(what)};
}

void journal::mix(std::uint64_t value) {
  hash_ ^= value + 0x9E3779B97F4A7C15 + (hash_ << 6) + (hash_ >> 2);
  hash_ *= 0xBF58476D1CE4E5B9;
}

} // namespace troupe::simulation
