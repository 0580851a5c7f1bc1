// What samples say together. Plain functions over plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/sample.hpp"

namespace troupe::bench {

/// The smallest value that at least `percent` percent of the values do not exceed (nearest rank: always a value that
/// was measured). `sorted` must be in order and not empty, `percent` above 0 and at most 100.
double percentile(const std::vector<double>& sorted, double percent);

/// How some times are distributed, in seconds.
struct distribution {
  double average = 0;
  /// The middle value, or the mean of the two middle ones.
  double median = 0;
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
  double min = 0;
  double max = 0;
};

/// Nothing for no values.
std::optional<distribution> distribute(std::vector<double> values);

/// What one scenario came to, counted. Times and tokens are those of the successful requests.
struct scenario_summary {
  scenario kind = scenario::sequential;
  std::size_t clients = 1;
  double seconds = 0;
  /// Whether the user ended it early; `total` counts the requests that ended before.
  bool interrupted = false;
  std::size_t total = 0;
  std::size_t successful = 0;
  std::size_t failed = 0;
  /// Nothing where no request was successful.
  std::optional<distribution> latency;
  /// Nothing where no time to first token is known.
  std::optional<distribution> first_token;
  /// Share of the successful requests, 0 to 1; nothing where the server does not say.
  std::optional<double> cache_hit_rate;
  /// Successful requests.
  double requests_per_second = 0;
  /// Tokens of the answers; nothing where the server does not say.
  std::optional<std::int64_t> tokens;
  std::optional<double> tokens_per_second;
  /// Whether the latency's P95 lies under the objective. False where no request was successful.
  bool meets_objective = false;
  /// Each reason for a failure and how often it came, the most frequent first.
  std::vector<std::pair<std::string, std::size_t>> failures;
};

scenario_summary summarize(const scenario_result& result, double objective);

/// Whether a benchmark has passed: no scenario interrupted, no request failed, and the objective met in every one.
bool passed(const std::vector<scenario_summary>& summaries);

} // namespace troupe::bench
