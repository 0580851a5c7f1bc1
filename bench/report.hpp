// A benchmark's outcome, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "bench/plan.hpp"
#include "bench/statistics.hpp"

namespace troupe::bench {

/// A table with a column for each scenario, what failed and why, and the verdict. Ends with a newline.
std::string table(const plan& p, const std::vector<scenario_summary>& summaries);

/// The same as one JSON object on one line, unrounded. Times in seconds; null where a value is not known.
std::string to_json(const plan& p, const std::vector<scenario_summary>& summaries);

} // namespace troupe::bench
