// What one request came to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/plan.hpp"

namespace troupe::bench {

/// What one request came to. Times are in seconds from the moment at which the client began to send it.
struct sample {
  /// Until the last byte of the answer.
  double latency = 0;
  /// Until the first text; nothing where neither client nor server could tell.
  std::optional<double> first_token;
  /// Whether the answer came from the response cache; nothing where the server does not say.
  std::optional<bool> cache_hit;
  /// Tokens of the answer; nothing where the server does not say.
  std::optional<std::int64_t> tokens;
  /// Why there is no answer; empty where there is one.
  std::string failure;
};

/// What one scenario came to.
struct scenario_result {
  scenario kind = scenario::sequential;
  std::size_t clients = 1;
  /// From the first request's start to the last one's end, or to the interruption.
  double seconds = 0;
  /// Of the requests that ended, in the order in which they did.
  std::vector<sample> samples;
  /// Whether the user ended it before all was asked.
  bool interrupted = false;
};

} // namespace troupe::bench
