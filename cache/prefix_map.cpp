#include "cache/prefix_map.hpp"

#include <algorithm>

namespace troupe::cache {

void prefix_map::add(worker id, std::size_t blocks) {
  remembered fresh;
  fresh.capacity = blocks;
  workers_.insert_or_assign(id, std::move(fresh));
}

void prefix_map::insert(worker id, std::span<const block_hash> hashes) {
  const auto found = workers_.find(id);
  if (found == workers_.end())
    return;
  auto& [capacity, order, by_hash] = found->second;
  // From the back, so that the first block, without which no other is of use, goes last.
  const auto fitting = hashes.first(std::min(hashes.size(), capacity));
  for (auto hash = fitting.rbegin(); hash != fitting.rend(); ++hash) {
    if (const auto known = by_hash.find(*hash); known != by_hash.end()) {
      order.splice(order.begin(), order, known->second);
      continue;
    }
    if (order.size() == capacity) {
      by_hash.erase(order.back());
      order.pop_back();
    }
    order.push_front(*hash);
    by_hash.emplace(*hash, order.begin());
  }
}

std::size_t prefix_map::match(worker id, std::span<const block_hash> hashes) const {
  const auto found = workers_.find(id);
  if (found == workers_.end())
    return 0;
  const auto unknown =
    std::ranges::find_if_not(hashes, [&](const block_hash& hash) { return found->second.by_hash.contains(hash); });
  return static_cast<std::size_t>(unknown - hashes.begin());
}

std::size_t prefix_map::size(worker id) const {
  const auto found = workers_.find(id);
  return found == workers_.end() ? 0 : found->second.order.size();
}

} // namespace troupe::cache
