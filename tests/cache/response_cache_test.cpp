#include <catch2/catch.hpp>

#include <string>

#include "cache/response_cache.hpp"

using namespace std::chrono_literals;
using troupe::cache::response_cache;
using troupe::cache::response_cache_options;

namespace {

using cache_of_text = response_cache<std::string>;
constexpr cache_of_text::time_point start{};

} // namespace

TEST_CASE("a stored answer is found under its own key and no other") {
  cache_of_text cache{{}};
  cache.insert("key", "answer", 6, start);
  REQUIRE(cache.find("key", start) != nullptr);
  CHECK(*cache.find("key", start) == "answer");
  CHECK(cache.find("kez", start) == nullptr);
  CHECK(cache.find(std::string("key\0", 4), start) == nullptr);
}

TEST_CASE("an answer past its time is gone, and counts no more") {
  response_cache_options options;
  options.time_to_live = 10s;
  cache_of_text cache{options};
  cache.insert("key", "answer", 6, start);
  CHECK(cache.find("key", start + 9999ms) != nullptr);
  CHECK(cache.find("key", start + 10s) == nullptr);
  CHECK(cache.entries() == 0);
  CHECK(cache.bytes() == 0);
  CHECK(cache.evictions() == 0);
}

TEST_CASE("reading an answer does not make it live longer") {
  response_cache_options options;
  options.time_to_live = 10s;
  cache_of_text cache{options};
  cache.insert("key", "answer", 6, start);
  CHECK(cache.find("key", start + 8s) != nullptr);
  CHECK(cache.find("key", start + 12s) == nullptr);
}

TEST_CASE("the least recently used answer gives way") {
  response_cache_options options;
  options.max_entries = 2;
  cache_of_text cache{options};
  cache.insert("a", "1", 1, start);
  cache.insert("b", "2", 1, start);
  CHECK(cache.find("a", start) != nullptr);
  cache.insert("c", "3", 1, start);
  CHECK(cache.find("b", start) == nullptr);
  CHECK(cache.find("a", start) != nullptr);
  CHECK(cache.find("c", start) != nullptr);
  CHECK(cache.evictions() == 1);
}

TEST_CASE("answers give way until the bytes fit") {
  response_cache_options options;
  options.max_bytes = 1000;
  cache_of_text cache{options};
  cache.insert("a", "", 300, start);
  cache.insert("b", "", 300, start);
  CHECK(cache.entries() == 2);
  cache.insert("c", "", 800, start);
  CHECK(cache.entries() == 1);
  CHECK(cache.find("c", start) != nullptr);
  CHECK(cache.bytes() <= 1000);
}

TEST_CASE("an answer larger than the byte bound is not stored and pushes nothing out") {
  response_cache_options options;
  options.max_bytes = 1000;
  cache_of_text cache{options};
  cache.insert("a", "", 300, start);
  cache.insert("b", "", 2000, start);
  CHECK(cache.find("a", start) != nullptr);
  CHECK(cache.find("b", start) == nullptr);
}

TEST_CASE("a cache of no entries stores nothing") {
  response_cache_options options;
  options.max_entries = 0;
  cache_of_text cache{options};
  cache.insert("a", "1", 1, start);
  CHECK(cache.entries() == 0);
}

TEST_CASE("an answer under a known key takes the old one's place") {
  cache_of_text cache{{}};
  cache.insert("a", "old", 3, start);
  const auto bytes = cache.bytes();
  cache.insert("a", "new", 3, start);
  CHECK(*cache.find("a", start) == "new");
  CHECK(cache.entries() == 1);
  CHECK(cache.bytes() == bytes);
}

TEST_CASE("clearing removes all and says how many") {
  cache_of_text cache{{}};
  cache.insert("a", "1", 1, start);
  cache.insert("b", "2", 1, start);
  CHECK(cache.clear() == 2);
  CHECK(cache.entries() == 0);
  CHECK(cache.bytes() == 0);
  CHECK(cache.find("a", start) == nullptr);
}
