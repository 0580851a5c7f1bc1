// What to measure: the command line as it was given, and as it holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/url.hpp"

namespace troupe::bench {

/// The command line, unchecked.
struct options {
  std::string url;
  std::string api = "own";
  std::string scenario = "all";
  /// Prompts of each scenario; the cached one asks each of them twice.
  std::int64_t requests = 20;
  /// Requests before the first scenario, which count nowhere: a server's first steps are slower.
  std::int64_t warmup = 1;
  /// Clients of the concurrent scenario.
  std::int64_t concurrency = 8;
  std::int64_t max_tokens = 64;
  /// Generate `max_tokens` tokens whatever the model says.
  bool ignore_eos = false;
  /// What the 95th percentile of the latency must stay under, in seconds.
  double objective = 2.0;
  /// How long one request may take, in seconds.
  double timeout = 120.0;
  /// Model to ask for; empty leaves the choice to the server.
  std::string model;
  /// Sent as `Authorization: Bearer`; empty for none.
  std::string api_key;
  /// Number that every prompt carries; drawn where there is none.
  std::optional<std::int64_t> seed;
};

/// The wire format that the server is asked in.
enum class api_kind {
  /// POST /api/v1/inference, answered whole.
  own,
  /// POST /v1/chat/completions, streamed.
  openai,
};

/// How a server is asked.
enum class scenario {
  /// One client, every prompt once, past the response cache.
  sequential,
  /// One client, every prompt, then every prompt again, with the response cache.
  cached,
  /// Several clients at once, every prompt once, past the response cache.
  concurrent,
};

/// A benchmark that holds.
struct plan {
  /// The URL as it was given.
  std::string url;
  server_url server;
  api_kind api = api_kind::own;
  std::vector<scenario> scenarios;
  std::size_t requests = 0;
  std::size_t warmup = 0;
  std::size_t concurrency = 0;
  std::size_t max_tokens = 0;
  bool ignore_eos = false;
  double objective = 0;
  double timeout = 0;
  std::string model;
  std::string api_key;
  std::int64_t seed = 0;
};

/// Greatest values that are taken.
inline constexpr std::int64_t most_requests = 1'000'000;
inline constexpr std::int64_t most_clients = 1000;
inline constexpr std::int64_t most_tokens = 1'000'000;
inline constexpr std::int64_t greatest_seed = 999'999;
inline constexpr double longest_seconds = 86'400;

/// Checks a command line. Throws `std::invalid_argument`, which names option, limit and value.
plan make_plan(const options& given);

/// As the command line and the report write it.
std::string name(api_kind api);
std::string name(scenario kind);

} // namespace troupe::bench
