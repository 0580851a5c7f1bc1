#include "tests/cache/prefix_workload.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace troupe::cache::testing {

namespace {

bool starts_with(const std::vector<token_id>& whole, const std::vector<token_id>& start) {
  return start.size() <= whole.size() && std::equal(start.begin(), start.end(), whole.begin());
}

} // namespace

prefix_workload::prefix_workload(
  const workload_options& options, block_hash_function hash, std::vector<prefix_scope> scopes)
    : options_{options},
      scopes_{std::move(scopes)},
      index_{{options.blocks, options.block_size, true}, std::move(hash)},
      random_{options.seed},
      held_by_block_(options.blocks) {}

void prefix_workload::run() {
  for (std::size_t i = 0; i < options_.operations; ++i) {
    const auto choice = draw(10);
    if (live_.empty() || (choice < 2 && live_.size() < options_.max_live))
      begin();
    else if (choice < 9)
      compute(draw(live_.size()));
    else
      release(draw(live_.size()));
    check_all();
  }
  while (!live_.empty()) {
    release(live_.size() - 1);
    check_all();
  }
  CHECK(index_.available() == options_.blocks);
  sequence_blocks everything = index_.begin(scopes_[0], {}, 0);
  REQUIRE(index_.grow(everything, options_.blocks));
  CHECK(index_.cached() == 0);
  CHECK(index_.available() == 0);
  index_.release(everything);
  CHECK(index_.available() == options_.blocks);
}

std::vector<token_id> prefix_workload::draw_tokens() {
  std::vector<token_id> tokens;
  if (!past_.empty() && draw(4) != 0) {
    tokens = past_[draw(past_.size())];
    tokens.resize(draw(tokens.size() + 1));
  }
  const auto length = 1 + draw(options_.max_tokens);
  while (tokens.size() < length)
    tokens.push_back(static_cast<token_id>(draw(options_.vocabulary)));
  past_.push_back(tokens);
  return tokens;
}

void prefix_workload::begin() {
  live_sequence sequence;
  sequence.scope = draw(scopes_.size());
  sequence.tokens = draw_tokens();
  const auto at_most = sequence.tokens.size() - 1;
  const auto& scope = scopes_[sequence.scope];
  const auto promised = index_.match_length(scope, sequence.tokens, at_most);
  sequence.blocks = index_.begin(scope, sequence.tokens, at_most);
  CHECK(sequence.blocks.filled() == promised);
  check_hit(sequence, at_most);
  live_.push_back(std::move(sequence));
}

void prefix_workload::check_hit(const live_sequence& sequence, std::size_t at_most) {
  const auto& table = sequence.blocks.table();
  REQUIRE(sequence.blocks.filled() == table.size() * options_.block_size);
  REQUIRE(sequence.blocks.filled() <= at_most);
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto& held = held_by_block_[table[i]];
    REQUIRE(held);
    REQUIRE(held->first == sequence.scope);
    REQUIRE(held->second.size() == (i + 1) * options_.block_size);
    REQUIRE(starts_with(sequence.tokens, held->second));
  }
  const auto& counts = index_.statistics();
  if (counts.evictions == 0 && counts.collisions == 0 && sequence.blocks.filled() != naive_match(sequence, at_most))
    ++wrong_lengths_;
}

std::size_t prefix_workload::naive_match(const live_sequence& sequence, std::size_t at_most) const {
  std::size_t matched = 0;
  for (auto length = options_.block_size; length <= at_most; length += options_.block_size) {
    const auto end = sequence.tokens.begin() + static_cast<std::ptrdiff_t>(length);
    if (!ever_full_.contains({sequence.scope, {sequence.tokens.begin(), end}}))
      break;
    matched = length;
  }
  return matched;
}

void prefix_workload::compute(std::size_t i) {
  auto& sequence = live_[i];
  auto& blocks = sequence.blocks;
  const auto before = blocks.filled();
  const auto left = sequence.tokens.size() - before;
  if (left == 0) {
    release(i);
    return;
  }
  const auto after = before + 1 + draw(left);
  const auto needed = (after + options_.block_size - 1) / options_.block_size;
  const auto missing = needed > blocks.table().size() ? needed - blocks.table().size() : 0;
  const auto available = index_.available();
  if (!index_.grow(blocks, missing)) {
    CHECK(missing > available);
    CHECK(index_.available() == available);
    release(draw(live_.size()));
    return;
  }
  CHECK(missing <= available);
  // The engine writes the new tokens: only ever into blocks that are this sequence's alone.
  for (std::size_t b = before / options_.block_size; b < needed; ++b) {
    const auto end = std::min(after, (b + 1) * options_.block_size);
    REQUIRE(index_.holders(blocks.table()[b]) == 1);
    held_by_block_[blocks.table()[b]] =
      content{sequence.scope, {sequence.tokens.begin(), sequence.tokens.begin() + static_cast<std::ptrdiff_t>(end)}};
    if (end == (b + 1) * options_.block_size)
      ever_full_.insert(*held_by_block_[blocks.table()[b]]);
  }
  index_.computed(blocks, std::span{sequence.tokens}.first(after));
  CHECK(blocks.filled() == after);
  CHECK(blocks.hashes().size() == after / options_.block_size);
}

void prefix_workload::release(std::size_t i) {
  const auto available = index_.available();
  const auto alone = index_.held_alone(live_[i].blocks);
  index_.release(live_[i].blocks);
  CHECK(index_.available() == available + alone);
  CHECK(live_[i].blocks.table().empty());
  live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(i));
}

void prefix_workload::check_all() {
  std::vector<std::size_t> holders(options_.blocks, 0);
  for (const auto& sequence : live_) {
    const auto& table = sequence.blocks.table();
    for (const auto block : table)
      ++holders[block];
    // Nobody else has written into a block that is held.
    for (std::size_t i = 0; i * options_.block_size < sequence.blocks.filled(); ++i) {
      const auto& held = held_by_block_[table[i]];
      REQUIRE(held->first == sequence.scope);
      REQUIRE(held->second.size() == std::min(sequence.blocks.filled(), (i + 1) * options_.block_size));
      REQUIRE(starts_with(sequence.tokens, held->second));
    }
  }
  std::size_t held = 0;
  for (block_id block = 0; block < options_.blocks; ++block) {
    REQUIRE(index_.holders(block) == holders[block]);
    held += holders[block] > 0 ? 1 : 0;
  }
  REQUIRE(index_.available() == options_.blocks - held);
  const auto& counts = index_.statistics();
  REQUIRE(index_.cached() == counts.insertions - counts.evictions);
  REQUIRE(index_.cached() <= options_.blocks);
  REQUIRE(counts.hit_tokens <= counts.query_tokens);
}

} // namespace troupe::cache::testing
