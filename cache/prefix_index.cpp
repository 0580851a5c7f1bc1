#include "cache/prefix_index.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace troupe::cache {

namespace {

constexpr block_id none = indexed_block::none;

} // namespace

prefix_index::prefix_index(const prefix_index_options& options, block_hash_function hash)
    : options_{options},
      hash_{std::move(hash)},
      pool_{options.blocks},
      entries_(options.blocks) {
  if (options_.block_size == 0)
    throw std::invalid_argument("block_size must be at least 1, got 0");
  tokens_.resize(options_.blocks * options_.block_size);
}

sequence_blocks prefix_index::begin(prefix_scope scope, std::span<const token_id> tokens, std::size_t at_most) {
  auto found = longest_run(scope, tokens, at_most);
  sequence_blocks sequence;
  sequence.scope_ = std::move(scope);
  for (const auto block : found.blocks)
    pool_.share(block);
  if (!found.blocks.empty())
    sequence.last_ = {found.blocks.back(), entries_[found.blocks.back()].serial};
  sequence.indexed_ = found.blocks.size();
  sequence.filled_ = found.blocks.size() * options_.block_size;
  sequence.table_ = std::move(found.blocks);
  sequence.hashes_ = std::move(found.hashes);
  ++statistics_.queries;
  statistics_.query_tokens += tokens.size();
  statistics_.hit_tokens += sequence.filled_;
  return sequence;
}

std::size_t prefix_index::match_length(
  const prefix_scope& scope, std::span<const token_id> tokens, std::size_t at_most) const {
  return longest_run(scope, tokens, at_most).blocks.size() * options_.block_size;
}

bool prefix_index::grow(sequence_blocks& sequence, std::size_t count) {
  if (count > available())
    return false;
  while (pool_.available() < count)
    evict(*pool_.oldest_idle());
  const auto taken = *pool_.take(count);
  sequence.table_.insert(sequence.table_.end(), taken.begin(), taken.end());
  return true;
}

void prefix_index::computed(sequence_blocks& sequence, std::span<const token_id> tokens) {
  const auto room = sequence.table_.size() * options_.block_size;
  if (tokens.size() < sequence.filled_ || tokens.size() > room)
    throw std::logic_error("prefix_index: a sequence with " + std::to_string(sequence.filled_) +
      " tokens computed and room for " + std::to_string(room) + " cannot have " + std::to_string(tokens.size()));
  sequence.filled_ = tokens.size();
  if (!options_.enabled)
    return;
  auto& hashes = sequence.hashes_;
  while ((hashes.size() + 1) * options_.block_size <= tokens.size())
    hashes.push_back(hash_(hashes.empty() ? sequence.scope_.hash : hashes.back(), block_of(tokens, hashes.size())));
  if (hashes.size() > sequence.indexed_)
    index_full_blocks(sequence, tokens);
}

void prefix_index::release(sequence_blocks& sequence) {
  pool_.release(sequence.table_);
  // Where another sequence's block was indexed in place of this one's, it was used through this sequence too.
  if (is_current(sequence.last_))
    for (auto block = sequence.last_.block; block != none; block = entries_[block].parent)
      pool_.refresh(block);
  sequence = {};
}

std::size_t prefix_index::held_alone(const sequence_blocks& sequence) const {
  return static_cast<std::size_t>(std::count_if(
    sequence.table_.begin(), sequence.table_.end(), [this](block_id block) { return pool_.holders(block) == 1; }));
}

std::span<const token_id> prefix_index::block_of(std::span<const token_id> tokens, std::size_t i) const {
  return tokens.subspan(i * options_.block_size, options_.block_size);
}

bool prefix_index::is_current(const indexed_block& x) const {
  return x.block == none || entries_[x.block].serial == x.serial;
}

std::optional<block_id> prefix_index::find(
  block_id parent, const prefix_scope& scope, const block_hash& hash, std::span<const token_id> tokens) const {
  const auto found = by_hash_.find(hash);
  if (found == by_hash_.end())
    return std::nullopt;
  const auto& candidate = entries_[found->second];
  const bool same = candidate.parent == parent && (parent != none || candidate.scope == scope.identity) &&
    std::ranges::equal(block_of(tokens_, found->second), tokens);
  return same ? std::optional{found->second} : std::nullopt;
}

prefix_index::run prefix_index::longest_run(
  const prefix_scope& scope, std::span<const token_id> tokens, std::size_t at_most) const {
  run matched;
  if (!options_.enabled)
    return matched;
  const auto blocks = std::min(at_most, tokens.size()) / options_.block_size;
  auto parent = none;
  auto hash = scope.hash;
  for (std::size_t i = 0; i < blocks; ++i) {
    hash = hash_(hash, block_of(tokens, i));
    const auto block = find(parent, scope, hash, block_of(tokens, i));
    if (!block)
      break;
    matched.blocks.push_back(*block);
    matched.hashes.push_back(hash);
    parent = *block;
  }
  return matched;
}

void prefix_index::index_full_blocks(sequence_blocks& sequence, std::span<const token_id> tokens) {
  // Another sequence's block that was indexed in place of this one's may have left since: then this sequence's own
  // blocks fill the gap.
  if (!is_current(sequence.last_)) {
    sequence.last_ = {};
    sequence.indexed_ = 0;
  }
  for (auto& i = sequence.indexed_; i < sequence.hashes_.size(); ++i) {
    const auto& hash = sequence.hashes_[i];
    const auto parent = sequence.last_.block;
    auto block = find(parent, sequence.scope_, hash, block_of(tokens, i));
    if (!block && by_hash_.contains(hash)) {
      ++statistics_.collisions;
      return;
    }
    if (!block) {
      block = sequence.table_[i];
      insert(*block, parent, sequence.scope_, hash, block_of(tokens, i));
    }
    sequence.last_ = {*block, entries_[*block].serial};
  }
}

void prefix_index::insert(block_id block, block_id parent, const prefix_scope& scope, const block_hash& hash,
  std::span<const token_id> tokens) {
  by_hash_.emplace(hash, block);
  pool_.keep(block);
  std::ranges::copy(tokens, tokens_.begin() + static_cast<std::ptrdiff_t>(block * options_.block_size));
  auto& added = entries_[block];
  added.hash = hash;
  added.serial = ++last_serial_;
  added.parent = parent;
  if (parent == none) {
    added.scope = scope.identity;
  } else {
    added.next = std::exchange(entries_[parent].first_child, block);
    if (added.next != none)
      entries_[added.next].previous = block;
  }
  ++statistics_.insertions;
}

void prefix_index::evict(block_id block) {
  unlink(block);
  std::vector<block_id> leaving{block};
  while (!leaving.empty()) {
    const auto next = leaving.back();
    leaving.pop_back();
    for (auto child = entries_[next].first_child; child != none; child = entries_[child].next)
      leaving.push_back(child);
    by_hash_.erase(entries_[next].hash);
    entries_[next] = {};
    pool_.drop(next);
    ++statistics_.evictions;
  }
}

void prefix_index::unlink(block_id block) {
  const auto& leaving = entries_[block];
  if (leaving.previous != none)
    entries_[leaving.previous].next = leaving.next;
  else if (leaving.parent != none)
    entries_[leaving.parent].first_child = leaving.next;
  if (leaving.next != none)
    entries_[leaving.next].previous = leaving.previous;
}

} // namespace troupe::cache
