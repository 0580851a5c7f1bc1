#include "cache/block_pool.hpp"

#include <stdexcept>
#include <string>

namespace troupe::cache {

block_pool::block_pool(std::size_t blocks) : holders_(blocks, 0) {
  free_.reserve(blocks);
  for (std::size_t i = blocks; i > 0; --i)
    free_.push_back(static_cast<block_id>(i - 1));
}

std::optional<std::vector<block_id>> block_pool::take(std::size_t count) {
  if (count > free_.size())
    return std::nullopt;
  const auto first = free_.end() - static_cast<std::ptrdiff_t>(count);
  std::vector<block_id> taken(free_.rbegin(), std::make_reverse_iterator(first));
  free_.erase(first, free_.end());
  for (const auto block : taken)
    holders_[block] = 1;
  return taken;
}

void block_pool::share(block_id block) {
  if (block >= holders_.size() || holders_[block] == 0)
    throw std::logic_error("block_pool: block " + std::to_string(block) + " is shared but nobody holds it");
  ++holders_[block];
}

void block_pool::release(const std::vector<block_id>& blocks) {
  for (const auto block : blocks) {
    if (block >= holders_.size() || holders_[block] == 0)
      throw std::logic_error("block_pool: block " + std::to_string(block) + " is released but nobody holds it");
    if (--holders_[block] == 0)
      free_.push_back(block);
  }
}

} // namespace troupe::cache
