// One story from beginning to end.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/journal.hpp"
#include "tests/simulation/scenario.hpp"

namespace troupe::simulation {

/// What became of a story.
struct ending {
  /// The first check that did not hold.
  std::optional<breach> broken;
  std::vector<std::string> log;
  /// Equal for the same story, whenever and wherever it is played.
  std::uint64_t hash = 0;
  std::size_t messages = 0;
  /// How often what happened, by a word for it: what a thousand stories must have seen between them.
  std::map<std::string, std::size_t> seen;
};

/// Plays a story until all is over, or a check does not hold.
ending play(const scenario& story);

} // namespace troupe::simulation
