#include "bench/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace troupe::bench {

namespace {

std::vector<std::pair<std::string, std::size_t>> count_failures(const std::vector<sample>& samples) {
  std::map<std::string, std::size_t> counts;
  for (const sample& s : samples)
    if (!s.failure.empty())
      ++counts[s.failure];
  std::vector<std::pair<std::string, std::size_t>> out{counts.begin(), counts.end()};
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return out;
}

/// What the successful samples know.
struct known {
  std::vector<double> latencies;
  std::vector<double> first_tokens;
  std::size_t cache_known = 0;
  std::size_t cache_hits = 0;
  std::optional<std::int64_t> tokens;
};

known gather(const std::vector<sample>& samples) {
  known out;
  for (const sample& s : samples) {
    if (!s.failure.empty())
      continue;
    out.latencies.push_back(s.latency);
    if (s.first_token)
      out.first_tokens.push_back(*s.first_token);
    if (s.cache_hit)
      ++out.cache_known;
    if (s.cache_hit.value_or(false))
      ++out.cache_hits;
    if (s.tokens)
      out.tokens = out.tokens.value_or(0) + *s.tokens;
  }
  return out;
}

} // namespace

double percentile(const std::vector<double>& sorted, double percent) {
  const auto count = static_cast<double>(sorted.size());
  const auto rank = static_cast<std::size_t>(std::ceil(percent * count / 100));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

std::optional<distribution> distribute(std::vector<double> values) {
  if (values.empty())
    return std::nullopt;
  std::sort(values.begin(), values.end());
  const std::size_t size = values.size();
  distribution out;
  out.average = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(size);
  out.median = (values[(size - 1) / 2] + values[size / 2]) / 2;
  out.p50 = percentile(values, 50);
  out.p95 = percentile(values, 95);
  out.p99 = percentile(values, 99);
  out.min = values.front();
  out.max = values.back();
  return out;
}

scenario_summary summarize(const scenario_result& result, double objective) {
  const known k = gather(result.samples);
  scenario_summary out;
  out.kind = result.kind;
  out.clients = result.clients;
  out.seconds = result.seconds;
  out.interrupted = result.interrupted;
  out.total = result.samples.size();
  out.successful = k.latencies.size();
  out.failed = out.total - out.successful;
  out.latency = distribute(k.latencies);
  out.first_token = distribute(k.first_tokens);
  if (k.cache_known > 0)
    out.cache_hit_rate = static_cast<double>(k.cache_hits) / static_cast<double>(k.cache_known);
  out.tokens = k.tokens;
  if (result.seconds > 0) {
    out.requests_per_second = static_cast<double>(out.successful) / result.seconds;
    if (k.tokens)
      out.tokens_per_second = static_cast<double>(*k.tokens) / result.seconds;
  }
  out.meets_objective = out.latency && out.latency->p95 < objective;
  out.failures = count_failures(result.samples);
  return out;
}

bool passed(const std::vector<scenario_summary>& summaries) {
  return std::all_of(summaries.begin(), summaries.end(),
    [](const scenario_summary& s) { return s.meets_objective && s.failed == 0 && !s.interrupted; });
}

} // namespace troupe::bench
