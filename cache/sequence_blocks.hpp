// The KV blocks of one sequence: plain data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "cache/block_hash.hpp"
#include "cache/block_pool.hpp"

namespace troupe::cache {

/// A place in the tree of indexed blocks: a block as it was indexed at one time, or the root.
struct indexed_block {
  static constexpr block_id none = std::numeric_limits<block_id>::max();

  block_id block = none;
  /// Tells this time from a later one in which the same block holds something else.
  std::uint64_t serial = 0;
};

/// One sequence's block table, how far it is filled, and the hashes of its full blocks.
///
/// Block i holds positions [i * block_size, (i + 1) * block_size). A `prefix_index` begins it, grows it and takes it
/// back; it is empty before and after. It does not release itself, and a copy has no references of its own: give only
/// one of the two back.
class sequence_blocks {
public:
  const std::vector<block_id>& table() const { return table_; }
  /// Tokens whose keys and values the blocks hold.
  std::size_t filled() const { return filled_; }
  /// Hashes of the full blocks, first block first.
  const std::vector<block_hash>& hashes() const { return hashes_; }

private:
  friend class prefix_index;

  prefix_scope scope_;
  std::vector<block_id> table_;
  std::size_t filled_ = 0;
  std::vector<block_hash> hashes_;
  /// Full blocks whose content is in the index, in this block or in another sequence's.
  std::size_t indexed_ = 0;
  /// The indexed block that holds what the last of them does.
  indexed_block last_;
};

} // namespace troupe::cache
