#include <algorithm>
#include <cstdio>

#include "bench/report.hpp"

namespace troupe::bench {

namespace {

constexpr std::size_t label_width = 28;
constexpr std::size_t cell_width = 13;
/// Reasons for failures that a table shows for each scenario.
constexpr std::size_t shown_failures = 5;

std::string decimals(double x, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, x);
  return text;
}

/// A number as it was given on the command line: "2", "0.5".
std::string short_number(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", x);
  return text;
}

std::string milliseconds(double seconds) {
  return decimals(seconds * 1000, 1);
}

/// What holds so far may fail in what was not asked any more.
std::string verdict(bool holds, const scenario_summary& s) {
  return !holds ? "FAIL" : s.interrupted ? "stopped" : "PASS";
}

/// A table's rows, each of which asks every scenario for its cell.
class rows {
public:
  explicit rows(const std::vector<scenario_summary>& summaries) : summaries_{summaries} {}

  template <class Cell>
  void add(std::string label, Cell cell) {
    label.resize(std::max(label.size(), label_width), ' ');
    text_ += label;
    for (const scenario_summary& s : summaries_) {
      const std::string value = cell(s);
      text_.append(cell_width - std::min(cell_width, value.size()), ' ');
      text_ += value;
    }
    text_ += '\n';
  }

  /// A line of a distribution that may be missing.
  void add_time(
    const std::string& label, std::optional<distribution> scenario_summary::*of, double distribution::*value) {
    add(label, [=](const scenario_summary& s) {
      const std::optional<distribution>& times = s.*of;
      return times ? milliseconds((*times).*value) : std::string{"-"};
    });
  }

  void add_distribution(const std::string& what, std::optional<distribution> scenario_summary::*of) {
    add_time(what + ", average", of, &distribution::average);
    add_time("  median", of, &distribution::median);
    add_time("  P50", of, &distribution::p50);
    add_time("  P95", of, &distribution::p95);
    add_time("  P99", of, &distribution::p99);
    add_time("  min", of, &distribution::min);
    add_time("  max", of, &distribution::max);
  }

  std::string take() { return std::move(text_); }

private:
  const std::vector<scenario_summary>& summaries_;
  std::string text_;
};

std::string heading(const plan& p) {
  std::string text = "troupe bench " + p.url + ": " + name(p.api) + " API, " + std::to_string(p.requests) +
    " prompts, at most " + std::to_string(p.max_tokens) + " tokens each, seed " + std::to_string(p.seed) + ", " +
    std::to_string(p.warmup) + " warm-up\n";
  return text + "times in milliseconds" +
    (p.api == api_kind::own ? "; time to first token as the server reports it\n" : "\n");
}

std::string remarks(const std::vector<scenario_summary>& summaries) {
  std::string text;
  for (const scenario_summary& s : summaries) {
    if (s.interrupted)
      text += name(s.kind) + ": interrupted with " + std::to_string(s.total) + " done\n";
    const std::size_t shown = std::min(shown_failures, s.failures.size());
    for (std::size_t i = 0; i < shown; ++i)
      text += name(s.kind) + ": " + std::to_string(s.failures[i].second) + " failed: " + s.failures[i].first + '\n';
    if (shown < s.failures.size())
      text += name(s.kind) + ": and " + std::to_string(s.failures.size() - shown) + " other reasons\n";
  }
  return text.empty() ? text : '\n' + text;
}

} // namespace

std::string table(const plan& p, const std::vector<scenario_summary>& summaries) {
  rows r{summaries};
  r.add("", [](const scenario_summary& s) { return name(s.kind); });
  r.add("clients", [](const scenario_summary& s) { return std::to_string(s.clients); });
  r.add("requests, total", [](const scenario_summary& s) { return std::to_string(s.total); });
  r.add("  successful", [](const scenario_summary& s) { return std::to_string(s.successful); });
  r.add("  failed", [](const scenario_summary& s) { return std::to_string(s.failed); });
  r.add_distribution("latency", &scenario_summary::latency);
  r.add_distribution("time to first token", &scenario_summary::first_token);
  r.add("cache hit rate", [](const scenario_summary& s) {
    return s.cache_hit_rate ? decimals(*s.cache_hit_rate * 100, 1) + " %" : std::string{"-"};
  });
  r.add("requests/s", [](const scenario_summary& s) { return decimals(s.requests_per_second, 2); });
  r.add("tokens/s", [](const scenario_summary& s) {
    return s.tokens_per_second ? decimals(*s.tokens_per_second, 1) : std::string{"-"};
  });
  r.add("no request failed", [](const scenario_summary& s) { return verdict(s.failed == 0, s); });
  r.add("P95 under " + short_number(p.objective) + " s",
    [](const scenario_summary& s) { return verdict(s.meets_objective, s); });
  return heading(p) + '\n' + r.take() + remarks(summaries);
}

} // namespace troupe::bench
