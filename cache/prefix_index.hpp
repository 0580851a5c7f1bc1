// Finds the blocks that hold the beginning of a prompt already: plain data, no actor, no tensor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "cache/block_hash.hpp"
#include "cache/block_pool.hpp"
#include "cache/sequence_blocks.hpp"

namespace troupe::cache {

struct prefix_index_options {
  /// Blocks of the KV cache.
  std::size_t blocks = 0;
  /// Tokens of one block.
  std::size_t block_size = 16;
  /// Whether prefixes are shared. When not, every sequence computes all of its tokens and has no hashes.
  bool enabled = true;
};

/// Counts since the start.
struct prefix_statistics {
  /// Sequences begun, with how many tokens, and how many of those were found.
  std::uint64_t queries = 0;
  std::uint64_t query_tokens = 0;
  std::uint64_t hit_tokens = 0;
  /// Blocks that entered the index, and that left it to make room.
  std::uint64_t insertions = 0;
  std::uint64_t evictions = 0;
  /// Full blocks that were left out because a block of other content has their hash.
  std::uint64_t collisions = 0;
};

/// The blocks of one worker's KV cache, with an index over the full ones by what they hold.
///
/// A sequence begins with references on the longest run of full blocks that hold its first tokens; it computes the
/// rest into blocks of its own, which enter the index once they are full. When two sequences compute the same, the
/// first to be full is indexed and the other keeps its block to itself. A block that nobody holds stays in the index
/// until room is needed; then the least recently used one goes first, a sequence's last blocks before its first. A
/// held block is never taken from its holders.
///
/// The indexed blocks form a tree, found by hash but trusted only after comparing: a block is used when its tokens are
/// the ones asked for and its parent is the block that the walk from the root has just come from (for a first block:
/// when its scope is the one asked for). So no collision of hashes hands out a wrong block. A block that leaves the
/// index takes all that follow it along.
///
/// Nothing here depends on the order of a hash table: the same calls give the same blocks. Not thread safe: its worker
/// owns it.
class prefix_index {
public:
  /// Throws `std::invalid_argument` for a block size of 0.
  prefix_index(const prefix_index_options& options, block_hash_function hash);

  /// Starts a sequence with references on the blocks that hold its first tokens already: as many full blocks as
  /// match, but of at most `at_most` tokens. Leave one token to compute, or the model has nothing to draw from.
  sequence_blocks begin(prefix_scope scope, std::span<const token_id> tokens, std::size_t at_most);

  /// How many tokens `begin` would find now. Changes nothing.
  std::size_t match_length(const prefix_scope& scope, std::span<const token_id> tokens, std::size_t at_most) const;

  /// Adds `count` blocks to the sequence's table; blocks that nobody holds leave the index for it when no other is
  /// free. Returns false, and changes nothing, when fewer are available.
  bool grow(sequence_blocks& sequence, std::size_t count);

  /// Says that the sequence's blocks hold the keys and values of `tokens`: all tokens from its first one on, as many
  /// as have been computed. Blocks that became full enter the index, so call it only when the step that wrote them is
  /// done. Throws `std::logic_error` when these are fewer than before or more than the table has room for.
  void computed(sequence_blocks& sequence, std::span<const token_id> tokens);

  /// Takes the sequence's blocks back and leaves it empty. What is indexed stays findable.
  void release(sequence_blocks& sequence);

  /// How many blocks more would be available if this sequence were released.
  std::size_t held_alone(const sequence_blocks& sequence) const;

  std::size_t size() const { return pool_.size(); }
  std::size_t block_size() const { return options_.block_size; }
  /// Blocks that `grow` can give: the free ones, and those that nobody holds but the index.
  std::size_t available() const { return pool_.available() + pool_.idle(); }
  /// How many sequences hold a block.
  std::size_t holders(block_id block) const { return pool_.holders(block); }
  /// Blocks in the index, held or not.
  std::size_t cached() const { return by_hash_.size(); }
  const prefix_statistics& statistics() const { return statistics_; }

private:
  /// A block in the tree. Siblings are linked, so that a block leaves with all that follow it.
  struct entry {
    block_hash hash;
    /// 0 for a block that is not indexed.
    std::uint64_t serial = 0;
    block_id parent = indexed_block::none;
    block_id first_child = indexed_block::none;
    block_id next = indexed_block::none;
    block_id previous = indexed_block::none;
    /// Of first blocks only.
    std::string scope;
  };
  struct run {
    std::vector<block_id> blocks;
    std::vector<block_hash> hashes;
  };

  std::span<const token_id> block_of(std::span<const token_id> tokens, std::size_t i) const;
  bool is_current(const indexed_block& x) const;
  std::optional<block_id> find(
    block_id parent, const prefix_scope& scope, const block_hash& hash, std::span<const token_id> tokens) const;
  run longest_run(const prefix_scope& scope, std::span<const token_id> tokens, std::size_t at_most) const;
  void index_full_blocks(sequence_blocks& sequence, std::span<const token_id> tokens);
  void insert(block_id block, block_id parent, const prefix_scope& scope, const block_hash& hash,
    std::span<const token_id> tokens);
  void evict(block_id block);
  void unlink(block_id block);

  prefix_index_options options_;
  block_hash_function hash_;
  block_pool pool_;
  /// By block.
  std::vector<entry> entries_;
  /// `block_size` tokens for each block.
  std::vector<token_id> tokens_;
  std::unordered_map<block_hash, block_id, block_hash_bucket> by_hash_;
  std::uint64_t last_serial_ = 0;
  prefix_statistics statistics_;
};

} // namespace troupe::cache
