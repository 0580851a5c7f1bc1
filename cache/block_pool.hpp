// The blocks of one worker's KV cache, by number: plain data, no tensor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace troupe::cache {

using block_id = std::uint32_t;

/// Hands out the blocks of one worker's KV cache.
///
/// A block holds the keys and values of `block_size` tokens. Blocks are counted by reference, so that a prefix that
/// several sequences share can be stored once. Holds ids only, no memory. Not thread safe: its worker owns it.
class block_pool {
public:
  explicit block_pool(std::size_t blocks);

  /// Takes `count` free blocks, lowest id first after a fresh start. Returns nothing, and takes nothing, when there
  /// are fewer.
  std::optional<std::vector<block_id>> take(std::size_t count);

  /// Adds a holder to a block that somebody holds. Throws `std::logic_error` for a free block.
  void share(block_id block);

  /// Takes one holder from each block; a block without holders is free again. Throws `std::logic_error` for a block
  /// that nobody holds.
  void release(const std::vector<block_id>& blocks);

  std::size_t size() const { return holders_.size(); }
  std::size_t available() const { return free_.size(); }

private:
  std::vector<std::uint32_t> holders_;
  std::vector<block_id> free_;
};

} // namespace troupe::cache
