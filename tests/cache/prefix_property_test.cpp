#include <catch2/catch.hpp>

#include <string>

#include "tests/cache/prefix_workload.hpp"

using namespace troupe::cache;
using troupe::cache::testing::prefix_workload;
using troupe::cache::testing::workload_options;

namespace {

const block_hasher hasher{block_hasher::secret{7, 1, 2}};

/// Two tenants and an adapter.
std::vector<prefix_scope> scopes() {
  return {hasher.scope("model", "", "a"), hasher.scope("model", "", "b"), hasher.scope("model", "x", "a")};
}

/// The same, but all with one hash.
std::vector<prefix_scope> colliding_scopes() {
  auto same = scopes();
  for (auto& scope : same)
    scope.hash = {{1, 2}};
  return same;
}

struct totals {
  std::uint64_t hit_tokens = 0;
  std::uint64_t collisions = 0;
  std::uint64_t evictions = 0;
};

/// Runs many workloads with one hash function.
totals run_all(const block_hash_function& hash, const std::vector<prefix_scope>& used) {
  totals sum;
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    INFO("seed " << seed);
    workload_options options;
    options.seed = seed;
    options.blocks = 4 + seed % 28;
    options.block_size = 1 + seed % 4;
    options.vocabulary = 2 + seed % 2;
    prefix_workload workload{options, hash, used};
    workload.run();
    REQUIRE(workload.wrong_lengths() == 0);
    sum.hit_tokens += workload.index().statistics().hit_tokens;
    sum.collisions += workload.index().statistics().collisions;
    sum.evictions += workload.index().statistics().evictions;
  }
  return sum;
}

} // namespace

TEST_CASE("whatever comes and goes, a look-up gives blocks of its own tokens and the counts add up") {
  const auto sum = run_all(hasher, scopes());
  CHECK(sum.hit_tokens > 10000);
  CHECK(sum.evictions > 1000);
  CHECK(sum.collisions == 0);
}

TEST_CASE("a cache with room for all finds the longest prefix that was ever computed") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    workload_options options;
    options.seed = seed;
    options.blocks = 4000;
    options.operations = 400;
    prefix_workload workload{options, hasher, scopes()};
    workload.run();
    CHECK(workload.wrong_lengths() == 0);
  }
}

TEST_CASE("no wrong block is used when every block has the same hash") {
  const auto sum =
    run_all([](const block_hash&, std::span<const token_id>) { return block_hash{}; }, colliding_scopes());
  CHECK(sum.hit_tokens > 0);
  CHECK(sum.collisions > 1000);
}

TEST_CASE("no wrong block is used when a hash depends on the block's tokens alone") {
  const auto by_tokens = [](const block_hash&, std::span<const token_id> tokens) { return hasher({}, tokens); };
  const auto sum = run_all(by_tokens, colliding_scopes());
  CHECK(sum.hit_tokens > 0);
  CHECK(sum.collisions > 1000);
}

TEST_CASE("no wrong block is used when a hash depends on the block before alone") {
  const auto by_parent = [](const block_hash& previous, std::span<const token_id>) { return hasher(previous, {}); };
  const auto sum = run_all(by_parent, scopes());
  CHECK(sum.hit_tokens > 0);
  CHECK(sum.collisions > 1000);
}

TEST_CASE("no wrong block is used when hashes have three values") {
  const auto weak = [](const block_hash& previous, std::span<const token_id> tokens) {
    return block_hash{{hasher(previous, tokens).words[0] % 3, 0}};
  };
  const auto sum = run_all(weak, colliding_scopes());
  CHECK(sum.hit_tokens > 0);
  CHECK(sum.collisions > 1000);
}

TEST_CASE("no wrong block is used when the scopes alone have one hash") {
  const auto sum = run_all(hasher, colliding_scopes());
  CHECK(sum.hit_tokens > 10000);
  CHECK(sum.collisions > 100);
}
