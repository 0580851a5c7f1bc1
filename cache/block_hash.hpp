// What names the content of a full KV block: a chained, keyed hash.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cache/blake2s.hpp"

namespace troupe::cache {

using token_id = std::int32_t;

/// 128 bits that stand for the tokens of a block and of all blocks before it.
struct block_hash {
  std::array<std::uint64_t, 2> words{};
  friend auto operator<=>(const block_hash&, const block_hash&) = default;
};

/// Picks bits for a hash table. They are as good as random where the hash is keyed, so nobody can aim at a bucket.
struct block_hash_bucket {
  std::size_t operator()(const block_hash& hash) const { return static_cast<std::size_t>(hash.words[0]); }
};

/// Who may share blocks: sequences of one model, one adapter and one tenant.
struct prefix_scope {
  /// The three as bytes, no two of which are equal unless all three are. Compared whole where it counts.
  std::string identity;
  /// Stands before a sequence's first block.
  block_hash hash;
};

/// The hash of a block from the hash of the one before it (the scope's for the first) and its tokens.
using block_hash_function = std::function<block_hash(const block_hash& previous, std::span<const token_id> tokens)>;

/// BLAKE2s (RFC 7693), keyed with a secret of this process and cut to 128 bits.
///
/// Who chooses tokens but does not know the key can neither predict a hash nor search for two that are equal; a chance
/// collision among n blocks has a probability of about n^2 / 2^129. Scopes and blocks hash different messages, so that
/// none of one kind equals one of the other. Safe to use from several threads at once.
class block_hasher {
public:
  /// Random bytes. Hashes of different keys have nothing in common.
  using secret = std::array<std::uint8_t, 32>;

  explicit block_hasher(const secret& key) : keyed_{key} {}

  /// `model` is the model's digest.
  prefix_scope scope(std::string_view model, std::string_view adapter, std::string_view tenant_salt) const;

  block_hash operator()(const block_hash& previous, std::span<const token_id> tokens) const;

private:
  blake2s keyed_;
};

/// The hashes of all full blocks of a sequence, first block first.
std::vector<block_hash> hash_full_blocks(
  const block_hash_function& hash, const prefix_scope& scope, std::span<const token_id> tokens, std::size_t block_size);

} // namespace troupe::cache
