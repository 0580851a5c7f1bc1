#include "configs/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>
#include <vector>

namespace troupe::config {

namespace {

struct unit {
  std::string_view name;
  std::int64_t size;
};

// Largest first, so that a value is written in the largest unit that divides it.
constexpr std::array<unit, 4> durations{{{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<unit, 4> sizes{
  {{"GiB", std::int64_t{1} << 30}, {"MiB", std::int64_t{1} << 20}, {"KiB", std::int64_t{1} << 10}, {"", 1}}};

std::optional<std::int64_t> parse(std::string_view text, std::span<const unit> units, std::int64_t limit) {
  std::int64_t count = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc{} || count < 0)
    return std::nullopt;
  const std::string_view name{rest, static_cast<std::size_t>(end - rest)};
  for (const unit& u : units)
    if (u.name == name)
      return count <= limit / u.size ? std::optional{count * u.size} : std::nullopt;
  return std::nullopt;
}

std::string format(std::int64_t value, std::span<const unit> units) {
  for (const unit& u : units)
    if (value != 0 && value % u.size == 0)
      return std::to_string(value / u.size) + std::string{u.name};
  return {};
}

} // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  constexpr std::int64_t longest = std::numeric_limits<std::int64_t>::max() / 1'000'000;
  const auto milliseconds = parse(text, durations, longest);
  if (!milliseconds)
    return std::nullopt;
  return std::chrono::milliseconds{*milliseconds};
}

std::string format_duration(std::chrono::nanoseconds value) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(value).count();
  return milliseconds == 0 ? "0s" : format(milliseconds, durations);
}

std::optional<std::int64_t> parse_bytes(std::string_view text) {
  return parse(text, sizes, std::numeric_limits<std::int64_t>::max());
}

std::string format_bytes(std::int64_t value) {
  return value == 0 ? "0" : format(value, sizes);
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i)
    cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j)
    cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i)
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  return cost[a.size()][b.size()];
}

} // namespace troupe::config
