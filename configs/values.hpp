// Durations and sizes as people write them in a config file.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::config {

/// Reads a whole number with a unit: `250ms`, `2s`, `10m`, `1h`. Returns nothing for anything else.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);
/// Writes a duration in the largest unit that holds it exactly.
std::string format_duration(std::chrono::nanoseconds value);

/// Reads a whole number of bytes with an optional unit: `4096`, `512KiB`, `64MiB`, `1GiB`. Returns nothing for
/// anything else, or for more than 2^63 - 1 bytes.
std::optional<std::int64_t> parse_bytes(std::string_view text);
/// Writes a size in the largest unit that holds it exactly.
std::string format_bytes(std::int64_t value);

/// How many letters must be inserted, deleted, changed or swapped with their neighbour to turn one word into another.
std::size_t edit_distance(std::string_view a, std::string_view b);

} // namespace troupe::config
