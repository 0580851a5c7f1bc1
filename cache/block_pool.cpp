#include "cache/block_pool.hpp"

#include <stdexcept>
#include <string>

namespace troupe::cache {

block_pool::block_pool(std::size_t blocks) : holders_(blocks, 0), kept_(blocks, false), order_(blocks + 1) {
  free_.reserve(blocks);
  for (std::size_t i = blocks; i > 0; --i)
    free_.push_back(static_cast<block_id>(i - 1));
  order_[end()] = {end(), end()};
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
  if (block < holders_.size() && is_idle(block))
    remove_idle(block);
  else
    require_held(block, "shared");
  ++holders_[block];
}

void block_pool::release(const std::vector<block_id>& blocks) {
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
    require_held(*block, "released");
    if (--holders_[*block] > 0)
      continue;
    if (kept_[*block])
      append_idle(*block);
    else
      free_.push_back(*block);
  }
}

void block_pool::keep(block_id block) {
  require_held(block, "to be kept");
  kept_[block] = true;
}

void block_pool::drop(block_id block) {
  if (is_idle(block)) {
    remove_idle(block);
    free_.push_back(block);
  }
  kept_[block] = false;
}

void block_pool::refresh(block_id block) {
  if (!is_idle(block))
    return;
  remove_idle(block);
  append_idle(block);
}

std::optional<block_id> block_pool::oldest_idle() const {
  const auto oldest = order_[end()].newer;
  return oldest == end() ? std::nullopt : std::optional{oldest};
}

void block_pool::require_held(block_id block, const char* act) const {
  if (block >= holders_.size() || holders_[block] == 0)
    throw std::logic_error("block_pool: block " + std::to_string(block) + " is " + act + " but nobody holds it");
}

void block_pool::append_idle(block_id block) {
  const auto newest = order_[end()].older;
  order_[block] = {newest, end()};
  order_[newest].newer = block;
  order_[end()].older = block;
  ++idle_;
}

void block_pool::remove_idle(block_id block) {
  const auto [older, newer] = order_[block];
  order_[older].newer = newer;
  order_[newer].older = older;
  --idle_;
}

} // namespace troupe::cache
