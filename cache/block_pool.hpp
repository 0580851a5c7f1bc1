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
/// several sequences share can be stored once. Each block is free, held, or idle: nobody holds it, but its content is
/// kept (`keep`) until somebody needs the room (`drop`). Holds ids only, no memory. Not thread safe: its worker owns
/// it.
class block_pool {
public:
  explicit block_pool(std::size_t blocks);

  /// Takes `count` free blocks, lowest id first after a fresh start. Returns nothing, and takes nothing, when there
  /// are fewer.
  std::optional<std::vector<block_id>> take(std::size_t count);

  /// Adds a holder to a block that is held or idle. Throws `std::logic_error` for a free block.
  void share(block_id block);

  /// Takes one holder from each block, the last in the list first. A block without holders is idle when it is kept,
  /// the most recently used of all, and free when not. Throws `std::logic_error` for a block that nobody holds.
  void release(const std::vector<block_id>& blocks);

  /// The content of a held block is worth keeping when nobody holds it any more. Throws `std::logic_error` for a block
  /// that nobody holds.
  void keep(block_id block);

  /// The block's content is worth nothing any more: an idle block is free at once, a held one when it is released.
  void drop(block_id block);

  /// Makes an idle block the most recently used one. Does nothing to another.
  void refresh(block_id block);

  /// The least recently used idle block, or nothing.
  std::optional<block_id> oldest_idle() const;

  std::size_t size() const { return holders_.size(); }
  std::size_t available() const { return free_.size(); }
  std::size_t idle() const { return idle_; }
  std::size_t holders(block_id block) const { return holders_.at(block); }

private:
  struct link {
    block_id older;
    block_id newer;
  };

  void require_held(block_id block, const char* act) const;
  bool is_idle(block_id block) const { return kept_.at(block) && holders_[block] == 0; }
  void append_idle(block_id block);
  void remove_idle(block_id block);
  block_id end() const { return static_cast<block_id>(holders_.size()); }

  std::vector<std::uint32_t> holders_;
  std::vector<bool> kept_;
  std::vector<block_id> free_;
  /// A ring of the idle blocks in order of use. The link past the last block joins its ends.
  std::vector<link> order_;
  std::size_t idle_ = 0;
};

} // namespace troupe::cache
