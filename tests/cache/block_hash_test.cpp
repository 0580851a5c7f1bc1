#include <catch2/catch.hpp>

#include <numeric>
#include <set>
#include <stdexcept>

#include "cache/block_hash.hpp"

using namespace troupe::cache;

namespace {

block_hasher::secret counting_secret(std::uint8_t first = 0) {
  block_hasher::secret secret;
  std::iota(secret.begin(), secret.end(), first);
  return secret;
}

const block_hasher hasher{counting_secret()};

} // namespace

// Computed with Python's hashlib.blake2s from the message's layout: kind, previous hash, tokens in four bytes each.
TEST_CASE("hashes are the same on every machine") {
  const auto scope = hasher.scope("digest", "", "tenant");
  const auto first = hasher(scope.hash, std::vector<token_id>{1, 2, 3, -4});
  const auto second = hasher(first, std::vector<token_id>{5, 6, 7, 49151});
  CHECK(scope.hash.words == std::array<std::uint64_t, 2>{0x599545ce9171ad0, 0x721c74c755f686ac});
  CHECK(first.words == std::array<std::uint64_t, 2>{0xb2082fc70686e870, 0xb945efdfe4cfca0c});
  CHECK(second.words == std::array<std::uint64_t, 2>{0xdcbdf9865406ce2, 0xff1f6c6caffdc6ad});
}

TEST_CASE("model, adapter and tenant each make a scope of their own, however their texts are cut") {
  const std::vector<prefix_scope> scopes{hasher.scope("m", "", ""), hasher.scope("", "m", ""),
    hasher.scope("", "", "m"), hasher.scope("ma", "b", ""), hasher.scope("m", "ab", ""), hasher.scope("m", "a", "b"),
    hasher.scope("", "", ""), hasher.scope("m", std::string(8, '\0'), ""), hasher.scope("m", "", std::string(8, '\0'))};
  std::set<std::string> identities;
  std::set<block_hash> hashes;
  for (const auto& scope : scopes) {
    identities.insert(scope.identity);
    hashes.insert(scope.hash);
  }
  CHECK(identities.size() == scopes.size());
  CHECK(hashes.size() == scopes.size());
}

TEST_CASE("a hash depends on each token, their order, the block before and the key") {
  const auto scope = hasher.scope("m", "", "");
  const std::vector<token_id> tokens{1, 2, 3, 4};
  const auto hash = hasher(scope.hash, tokens);
  CHECK(hasher(scope.hash, tokens) == hash);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    auto other = tokens;
    other[i] += 1 << 16;
    CHECK(hasher(scope.hash, other) != hash);
  }
  CHECK(hasher(scope.hash, std::vector<token_id>{2, 1, 3, 4}) != hash);
  CHECK(hasher(scope.hash, std::span{tokens}.first(3)) != hash);
  CHECK(hasher(hash, tokens) != hash);
  CHECK(block_hasher{counting_secret(1)}(scope.hash, tokens) != hash);
}

TEST_CASE("no tokens give a block the hash of a scope") {
  // The bytes of this block's message, but for its kind, are those of a scope's fields.
  const auto scope = hasher.scope("12345678", "", "");
  const block_hash previous{{8, 0x3837363534333231}};
  const std::vector<token_id> zeros(4, 0);
  CHECK(hasher(previous, zeros) != scope.hash);
}

TEST_CASE("the full blocks of a sequence are hashed in a chain") {
  const auto scope = hasher.scope("m", "", "");
  const std::vector<token_id> tokens{1, 2, 3, 4, 5};
  const auto hashes = hash_full_blocks(hasher, scope, tokens, 2);
  REQUIRE(hashes.size() == 2);
  CHECK(hashes[0] == hasher(scope.hash, std::vector<token_id>{1, 2}));
  CHECK(hashes[1] == hasher(hashes[0], std::vector<token_id>{3, 4}));
  CHECK(hash_full_blocks(hasher, scope, {}, 2).empty());
  CHECK_THROWS_AS(hash_full_blocks(hasher, scope, tokens, 0), std::invalid_argument);
}
