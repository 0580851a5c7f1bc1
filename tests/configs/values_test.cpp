#include <catch2/catch.hpp>

#include "configs/values.hpp"

using namespace troupe::config;
using namespace std::chrono_literals;

TEST_CASE("durations are a whole number with a unit") {
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("2s") == 2s);
  CHECK(parse_duration("10m") == 10min);
  CHECK(parse_duration("1h") == 1h);
  CHECK(parse_duration("0s") == 0s);
  for (const char* word : {"", "2", "s", "-2s", "2 s", "1.5s", "2d", "2s ", "99999999999999999999s", "9999999999999h"})
    CHECK_FALSE(parse_duration(word));
}

TEST_CASE("sizes are a whole number with an optional unit") {
  CHECK(parse_bytes("4096") == 4096);
  CHECK(parse_bytes("512KiB") == 512 * 1024);
  CHECK(parse_bytes("64MiB") == 64 << 20);
  CHECK(parse_bytes("1GiB") == 1 << 30);
  for (const char* word : {"", "GiB", "-1", "1GB", "1 GiB", "1gib", "9999999999GiB"})
    CHECK_FALSE(parse_bytes(word));
}

TEST_CASE("durations and sizes are written in the largest unit that holds them") {
  CHECK(format_duration(0s) == "0s");
  CHECK(format_duration(1500ms) == "1500ms");
  CHECK(format_duration(90s) == "90s");
  CHECK(format_duration(120min) == "2h");
  CHECK(format_bytes(0) == "0");
  CHECK(format_bytes(1000) == "1000");
  CHECK(format_bytes(32768) == "32KiB");
  CHECK(format_bytes(std::int64_t{3} << 30) == "3GiB");
}

TEST_CASE("swapped neighbours are one edit") {
  CHECK(edit_distance("prot", "port") == 1);
  CHECK(edit_distance("prt", "port") == 1);
  CHECK(edit_distance("", "port") == 4);
  CHECK(edit_distance("host", "host") == 0);
  CHECK(edit_distance("host", "post") == 1);
}
