#include <catch2/catch.hpp>

#include <vector>

#include "cache/prefix_map.hpp"

using troupe::cache::block_hash;
using troupe::cache::prefix_map;

namespace {

using hashes = std::vector<block_hash>;

/// Hashes with these first words.
hashes chain(std::initializer_list<std::uint64_t> words) {
  hashes all;
  for (const auto word : words)
    all.push_back({{word, 0}});
  return all;
}

} // namespace

TEST_CASE("a worker is believed to hold what was sent to it, up to the first block that was not") {
  prefix_map map;
  map.add(1, 10);
  map.add(2, 10);
  map.insert(1, chain({1, 2, 3}));
  map.insert(2, chain({1, 5}));
  CHECK(map.match(1, chain({1, 2, 3, 4})) == 3);
  CHECK(map.match(1, chain({1, 9, 3})) == 1);
  CHECK(map.match(1, chain({9, 1, 2})) == 0);
  CHECK(map.match(2, chain({1, 2, 3, 4})) == 1);
  CHECK(map.match(1, {}) == 0);
}

TEST_CASE("nothing is believed of a worker that is not there, or is there anew") {
  prefix_map map;
  map.insert(1, chain({1, 2}));
  CHECK(map.match(1, chain({1, 2})) == 0);
  map.add(1, 10);
  map.insert(1, chain({1, 2}));
  CHECK(map.match(1, chain({1, 2})) == 2);
  map.forget(1);
  CHECK(map.match(1, chain({1, 2})) == 0);
  CHECK(map.size(1) == 0);
  map.forget(1);
  map.add(1, 10);
  map.insert(1, chain({1}));
  map.add(1, 10);
  CHECK(map.match(1, chain({1})) == 0);
}

TEST_CASE("no more is remembered than the worker has blocks, the least recently sent out first") {
  prefix_map map;
  map.add(1, 4);
  map.insert(1, chain({1, 2}));
  map.insert(1, chain({3, 4}));
  map.insert(1, chain({1, 2}));
  map.insert(1, chain({5}));
  CHECK(map.size(1) == 4);
  CHECK(map.match(1, chain({1, 2})) == 2);
  CHECK(map.match(1, chain({3, 4})) == 1);
  CHECK(map.match(1, chain({5})) == 1);
  map.insert(1, chain({6}));
  CHECK(map.match(1, chain({3, 4})) == 0);
}

TEST_CASE("of a sequence longer than the cache its beginning is remembered") {
  prefix_map map;
  map.add(1, 3);
  map.add(2, 0);
  map.insert(1, chain({1, 2, 3, 4, 5}));
  map.insert(2, chain({1}));
  CHECK(map.match(1, chain({1, 2, 3, 4, 5})) == 3);
  CHECK(map.size(1) == 3);
  CHECK(map.match(2, chain({1})) == 0);
}

TEST_CASE("asking is no use: only what is sent is remembered longer") {
  prefix_map map;
  map.add(1, 2);
  map.insert(1, chain({1}));
  map.insert(1, chain({2}));
  CHECK(map.match(1, chain({1})) == 1);
  map.insert(1, chain({3}));
  CHECK(map.match(1, chain({1})) == 0);
  CHECK(map.match(1, chain({2})) == 1);
}
