// What happened in one simulation, and what should not have.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace troupe::simulation {

using time_point = std::chrono::steady_clock::time_point;

/// A check that did not hold. `check` names it, so that a smaller story is known to fail in the same way.
struct breach {
  std::string check;
  std::string what;
};

/// The event log, and a hash of everything that happened, each message that was worked on counted in.
class journal {
public:
  /// Where the time of each line comes from.
  std::function<time_point()> clock;

  void note(std::string line);
  void breaks(std::string check, std::string what);
  void mix(std::uint64_t value);

  /// The first check that did not hold.
  const std::optional<breach>& broken() const { return broken_; }
  const std::vector<std::string>& lines() const { return lines_; }
  std::uint64_t hash() const { return hash_; }

private:
  std::vector<std::string> lines_;
  std::optional<breach> broken_;
  std::uint64_t hash_ = 1;
};

} // namespace troupe::simulation
