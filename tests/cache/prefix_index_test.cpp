#include <catch2/catch.hpp>

#include <numeric>
#include <stdexcept>

#include "cache/prefix_index.hpp"

using namespace troupe::cache;

namespace {

const block_hasher hasher{block_hasher::secret{3}};
const prefix_scope tenant = hasher.scope("model", "", "tenant");
using tokens = std::vector<token_id>;

/// Blocks of two tokens.
prefix_index index_of(std::size_t blocks, bool enabled = true) {
  return {{blocks, 2, enabled}, hasher};
}

/// Begins a sequence and computes all of its tokens, in one step.
sequence_blocks computed(prefix_index& index, const tokens& all, const prefix_scope& scope = tenant) {
  auto sequence = index.begin(scope, all, all.size() - 1);
  REQUIRE(index.grow(sequence, (all.size() + 1) / 2 - sequence.table().size()));
  index.computed(sequence, all);
  return sequence;
}

/// The same, and lets it go.
void pass_through(prefix_index& index, const tokens& all, const prefix_scope& scope = tenant) {
  auto sequence = computed(index, all, scope);
  index.release(sequence);
}

} // namespace

TEST_CASE("a prompt that begins like one before it gets that one's full blocks") {
  auto index = index_of(8);
  auto first = computed(index, {1, 2, 3, 4, 5});
  auto second = index.begin(tenant, tokens{1, 2, 3, 4, 9, 9}, 5);
  CHECK(second.filled() == 4);
  CHECK(second.table() == std::vector<block_id>{first.table()[0], first.table()[1]});
  CHECK(index.holders(first.table()[0]) == 2);
  CHECK(index.holders(first.table()[2]) == 1);
  CHECK(index.statistics().queries == 2);
  CHECK(index.statistics().query_tokens == 11);
  CHECK(index.statistics().hit_tokens == 4);
  CHECK(index.held_alone(first) == 1);
}

TEST_CASE("a look-up gives no more than it was allowed to, so that one token is left to compute") {
  auto index = index_of(8);
  pass_through(index, {1, 2, 3, 4});
  const tokens same{1, 2, 3, 4};
  CHECK(index.match_length(tenant, same, 3) == 2);
  CHECK(index.match_length(tenant, same, 4) == 4);
  CHECK(index.match_length(tenant, same, 100) == 4);
  CHECK(index.match_length(tenant, same, 0) == 0);
  CHECK(index.match_length(tenant, {}, 0) == 0);
  CHECK(index.begin(tenant, same, 3).filled() == 2);
}

TEST_CASE("a block that is not full is not found") {
  auto index = index_of(8);
  auto sequence = index.begin(tenant, tokens{1, 2, 3, 4}, 3);
  REQUIRE(index.grow(sequence, 2));
  index.computed(sequence, tokens{1});
  CHECK(index.match_length(tenant, tokens{1, 2, 3}, 3) == 0);
  index.computed(sequence, tokens{1, 2, 3});
  CHECK(index.match_length(tenant, tokens{1, 2, 3, 4}, 4) == 2);
  CHECK(sequence.hashes() == hash_full_blocks(hasher, tenant, tokens{1, 2, 3}, 2));
}

TEST_CASE("tenants and adapters do not see each other's blocks") {
  auto index = index_of(16);
  const tokens prompt{1, 2, 3, 4, 5};
  pass_through(index, prompt);
  for (const auto& other : {hasher.scope("model", "", "other"), hasher.scope("model", "tenant", ""),
         hasher.scope("model", "", ""), hasher.scope("another", "", "tenant")}) {
    CHECK(index.match_length(other, prompt, 4) == 0);
    pass_through(index, prompt, other);
    CHECK(index.match_length(other, prompt, 4) == 4);
  }
  CHECK(index.match_length(tenant, prompt, 4) == 4);
}

TEST_CASE("of two that compute the same, the first is indexed and the second keeps its own block") {
  auto index = index_of(8);
  const tokens prompt{1, 2, 3, 4, 5};
  auto first = index.begin(tenant, prompt, 4);
  auto second = index.begin(tenant, prompt, 4);
  REQUIRE(index.grow(first, 3));
  REQUIRE(index.grow(second, 4));
  index.computed(first, prompt);
  index.computed(second, tokens{1, 2, 3, 4, 6, 7});
  CHECK(first.table()[0] != second.table()[0]);
  CHECK(index.cached() == 3);
  // The second's third block follows blocks of the first, and is found behind them.
  auto third = index.begin(tenant, tokens{1, 2, 3, 4, 6, 7, 8}, 6);
  CHECK(third.table() == std::vector<block_id>{first.table()[0], first.table()[1], second.table()[2]});
  index.release(first);
  index.release(second);
  index.release(third);
  CHECK(index.available() == 8);
}

TEST_CASE("who keeps a block of its own fills the gap when the indexed one has gone") {
  auto index = index_of(6);
  const tokens prompt{1, 2, 3};
  auto first = index.begin(tenant, prompt, 2);
  auto second = index.begin(tenant, prompt, 2);
  REQUIRE(index.grow(first, 2));
  REQUIRE(index.grow(second, 2));
  index.computed(first, prompt);
  index.computed(second, prompt);
  index.release(first);
  // All other blocks: the first's go, the second's stay with it.
  auto other = index.begin(tenant, tokens{9}, 0);
  REQUIRE(index.grow(other, 4));
  CHECK(index.cached() == 0);
  CHECK_FALSE(index.grow(other, 1));
  index.computed(second, tokens{1, 2, 3, 4});
  CHECK(index.cached() == 2);
  CHECK(index.begin(tenant, tokens{1, 2, 3, 4, 5}, 4).table() == second.table());
}

TEST_CASE("a block that leaves takes those that follow it along, and leaves held ones to their holders") {
  auto index = index_of(6);
  auto first = index.begin(tenant, tokens{1, 2, 3}, 2);
  auto second = index.begin(tenant, tokens{1, 2, 3, 4, 5, 6}, 5);
  REQUIRE(index.grow(first, 1));
  REQUIRE(index.grow(second, 3));
  index.computed(first, tokens{1, 2});
  index.computed(second, tokens{1, 2, 3, 4, 5, 6});
  index.release(first);
  CHECK(index.cached() == 3);
  auto other = index.begin(tenant, tokens{9}, 0);
  REQUIRE(index.grow(other, 3));
  CHECK(index.cached() == 0);
  CHECK(index.match_length(tenant, tokens{1, 2, 3, 4, 5, 6}, 6) == 0);
  for (const auto block : second.table())
    CHECK(index.holders(block) == 1);
  index.release(second);
  CHECK(index.available() == 3);
}

TEST_CASE("blocks that nobody holds stay until room is needed, the least recently used first") {
  auto index = index_of(6);
  pass_through(index, {1, 1, 1, 1});
  pass_through(index, {2, 2, 2, 2});
  pass_through(index, {3, 3, 3, 3});
  CHECK(index.available() == 6);
  CHECK(index.cached() == 6);
  auto again = index.begin(tenant, tokens{1, 1, 1, 1, 1}, 4);
  CHECK(again.filled() == 4);
  CHECK(index.available() == 4);
  index.release(again);
  // Asking without taking is no use.
  CHECK(index.match_length(tenant, tokens{2, 2, 2, 2}, 4) == 4);

  auto taker = index.begin(tenant, tokens{9}, 0);
  std::vector<std::vector<std::size_t>> found;
  for (int i = 0; i < 6; ++i) {
    REQUIRE(index.grow(taker, 1));
    found.push_back({});
    for (const token_id t : {1, 2, 3})
      found.back().push_back(index.match_length(tenant, tokens{t, t, t, t}, 4));
  }
  CHECK(
    found == std::vector<std::vector<std::size_t>>{{4, 2, 4}, {4, 0, 4}, {4, 0, 2}, {4, 0, 0}, {2, 0, 0}, {0, 0, 0}});
  CHECK(index.statistics().evictions == 6);
  CHECK_FALSE(index.grow(taker, 1));
}

TEST_CASE("free blocks are taken before cached ones") {
  auto index = index_of(4);
  pass_through(index, {1, 1, 1, 1});
  auto other = index.begin(tenant, tokens{9}, 0);
  REQUIRE(index.grow(other, 2));
  CHECK(index.cached() == 2);
  REQUIRE(index.grow(other, 1));
  CHECK(index.cached() == 1);
}

TEST_CASE("a prefix used through a block of one's own counts as used") {
  auto index = index_of(6);
  auto first = index.begin(tenant, tokens{1, 1, 1}, 2);
  auto second = index.begin(tenant, tokens{1, 1, 1}, 2);
  REQUIRE(index.grow(first, 1));
  REQUIRE(index.grow(second, 1));
  index.computed(first, tokens{1, 1});
  index.computed(second, tokens{1, 1});
  index.release(first);
  pass_through(index, {2, 2, 2});
  index.release(second);
  auto other = index.begin(tenant, tokens{9}, 0);
  REQUIRE(index.grow(other, 5));
  CHECK(index.match_length(tenant, tokens{1, 1}, 2) == 2);
  CHECK(index.match_length(tenant, tokens{2, 2}, 2) == 0);
}

TEST_CASE("held blocks are never taken, and what cannot be given changes nothing") {
  auto index = index_of(4);
  auto holder = computed(index, {1, 2, 3, 4, 5});
  auto other = index.begin(tenant, tokens{9}, 0);
  CHECK(index.available() == 1);
  CHECK_FALSE(index.grow(other, 2));
  CHECK(other.table().empty());
  CHECK(index.available() == 1);
  REQUIRE(index.grow(other, 1));
  CHECK_FALSE(index.grow(other, 1));
  CHECK(index.cached() == 2);
  CHECK(index.match_length(tenant, tokens{1, 2, 3, 4, 5}, 4) == 4);
}

TEST_CASE("a sequence that was pushed out finds its own blocks when it comes back") {
  auto index = index_of(8);
  const tokens all{1, 2, 3, 4, 5, 6, 7};
  pass_through(index, all);
  auto resumed = index.begin(tenant, all, all.size() - 1);
  CHECK(resumed.filled() == 6);
}

TEST_CASE("a released sequence is empty, and releasing it again does nothing") {
  auto index = index_of(4);
  auto sequence = computed(index, {1, 2, 3});
  index.release(sequence);
  CHECK(sequence.table().empty());
  CHECK(sequence.filled() == 0);
  index.release(sequence);
  CHECK(index.available() == 4);
}

TEST_CASE("an index that is switched off shares nothing") {
  auto index = index_of(4, false);
  auto sequence = computed(index, {1, 2, 3, 4});
  CHECK(sequence.filled() == 4);
  CHECK(index.match_length(tenant, tokens{1, 2, 3, 4}, 4) == 0);
  CHECK(index.begin(tenant, tokens{1, 2, 3, 4}, 3).filled() == 0);
  index.release(sequence);
  CHECK(index.cached() == 0);
  CHECK(index.available() == 4);
}

TEST_CASE("what cannot have been computed is refused") {
  auto index = index_of(4);
  auto sequence = index.begin(tenant, tokens{1, 2, 3}, 2);
  REQUIRE(index.grow(sequence, 1));
  CHECK_THROWS_WITH(index.computed(sequence, tokens{1, 2, 3}), Catch::Contains("room for 2 cannot have 3"));
  index.computed(sequence, tokens{1, 2});
  CHECK_THROWS_AS(index.computed(sequence, tokens{1}), std::logic_error);
  CHECK_THROWS_AS(prefix_index({4, 0, true}, hasher), std::invalid_argument);
}

TEST_CASE("the same calls give the same blocks") {
  const auto tables = [] {
    auto index = index_of(12);
    std::vector<std::vector<block_id>> all;
    for (token_id i = 0; i < 200; ++i) {
      auto sequence = computed(index, {i % 3, i % 5, i % 2, i % 7, 1, i % 4, i % 11});
      all.push_back(sequence.table());
      index.release(sequence);
    }
    return all;
  };
  CHECK(tables() == tables());
}
