#include "engine/batch_layout.hpp"

#include "engine/layers/linear.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <map>
#include <set>
#include <span>

namespace troupe::engine {

namespace {

class row_check {
public:
  row_check(const batch_row& row, std::size_t index, const batch_limits& limits)
      : row_(row),
        index_(index),
        limits_(limits) {}

  [[noreturn]] void refuse(const std::string& why) const {
    throw std::invalid_argument("row " + std::to_string(index_) + ": " + why);
  }

  void below(const char* field, std::uint64_t value, std::size_t limit) const {
    if (value >= limit)
      refuse(std::string(field) + " must be below " + std::to_string(limit) + ", got " + std::to_string(value));
  }

  void tokens(const std::vector<std::optional<token_id>>& last_samples) const {
    below("slot", row_.slot, limits_.max_sequences);
    if (row_.from_last_sample && !row_.tokens.empty())
      refuse("tokens must be empty when from_last_sample, got " + std::to_string(row_.tokens.size()));
    if (row_.from_last_sample && !last_samples[row_.slot])
      refuse("from_last_sample: slot " + std::to_string(row_.slot) + " has no sample");
    if (row_.new_tokens() == 0)
      refuse("tokens must hold at least one token");
    in_vocabulary("tokens", row_.tokens);
    if (row_.scored.size() > row_.tokens.size())
      refuse("scored must have at most " + std::to_string(row_.tokens.size()) + " tokens, as many as are new, got " +
        std::to_string(row_.scored.size()));
    if (row_.scored_from > row_.tokens.size() - row_.scored.size())
      refuse("scored_from must be at most " + std::to_string(row_.tokens.size() - row_.scored.size()) + ", got " +
        std::to_string(row_.scored_from));
    in_vocabulary("scored", row_.scored);
  }

  void pooled() const {
    if (row_.pool == pooling::none && !row_.pooled.empty())
      refuse("pooled must be empty without a pool, got " + std::to_string(row_.pooled.size()));
    if (!row_.pooled.empty() && row_.pooled.size() != limits_.hidden)
      refuse(
        "pooled must have " + std::to_string(limits_.hidden) + " numbers, got " + std::to_string(row_.pooled.size()));
  }

  void adapter() const {
    if (row_.adapter > limits_.adapters)
      refuse("adapter must be at most " + std::to_string(limits_.adapters) + ", as many as are loaded, got " +
        std::to_string(row_.adapter));
  }

  void blocks() const {
    const auto end = row_.position + row_.new_tokens();
    if (end > limits_.context)
      refuse("position and tokens must end at " + std::to_string(limits_.context) + " or before, got " +
        std::to_string(end));
    if (row_.blocks.size() > limits_.blocks || row_.blocks.size() * limits_.block_size < end)
      refuse("blocks must cover " + std::to_string(end) + " positions and be at most " +
        std::to_string(limits_.blocks) + ", got " + std::to_string(row_.blocks.size()) + " blocks of " +
        std::to_string(limits_.block_size));
    for (const auto block : row_.blocks)
      below("blocks: id", block, limits_.blocks);
  }

  void sampling() const {
    const auto& s = row_.sampling;
    if (!(s.temperature >= 0 && std::isfinite(s.temperature)))
      refuse("temperature must be 0 or more and finite, got " + std::to_string(s.temperature));
    if (s.top_k < 0)
      refuse("top_k must be 0 or more, got " + std::to_string(s.top_k));
    if (!(s.top_p >= 0 && s.top_p <= 1))
      refuse("top_p must be between 0 and 1, got " + std::to_string(s.top_p));
    if (!(s.min_p >= 0 && s.min_p <= 1))
      refuse("min_p must be between 0 and 1, got " + std::to_string(s.min_p));
    if (!(s.repetition_penalty > 0 && std::isfinite(s.repetition_penalty)))
      refuse("repetition_penalty must be above 0 and finite, got " + std::to_string(s.repetition_penalty));
    if (!std::isfinite(s.presence_penalty) || !std::isfinite(s.frequency_penalty))
      refuse("presence_penalty and frequency_penalty must be finite");
    for (const auto& [token, bias] : s.logit_bias) {
      in_vocabulary("logit_bias", {&token, 1});
      if (!std::isfinite(bias))
        refuse("logit_bias must be finite for token " + std::to_string(token));
    }
    in_vocabulary("prompt", row_.prompt);
    in_vocabulary("drawn", row_.drawn);
  }

private:
  void in_vocabulary(const char* what, std::span<const token_id> tokens) const {
    for (const auto token : tokens)
      if (token < 0 || static_cast<std::size_t>(token) >= limits_.vocabulary)
        refuse(std::string{what} + " must be between 0 and " + std::to_string(limits_.vocabulary - 1) + ", got " +
          std::to_string(token));
  }

  const batch_row& row_;
  std::size_t index_;
  const batch_limits& limits_;
};

/// Fails when two rows share a slot, or when one writes to a block that another names.
void refuse_shared(const batch& step, std::size_t block_size) {
  std::map<std::uint32_t, std::size_t> slots;
  std::map<block_id, std::size_t> written;
  for (std::size_t i = 0; i < step.rows.size(); ++i) {
    const auto& row = step.rows[i];
    if (const auto [at, fresh] = slots.emplace(row.slot, i); !fresh)
      row_check(row, i, {})
        .refuse("slot " + std::to_string(row.slot) + " is row " + std::to_string(at->second) + "'s as well");
    for (auto b = row.position / block_size; b <= (row.position + row.new_tokens() - 1) / block_size; ++b)
      if (const auto [at, fresh] = written.emplace(row.blocks[b], i); !fresh)
        row_check(row, i, {})
          .refuse("blocks: " + std::to_string(row.blocks[b]) + " is written by row " + std::to_string(at->second) +
            " as well");
  }
  for (std::size_t i = 0; i < step.rows.size(); ++i)
    for (std::size_t b = 0; b < step.rows[i].position / block_size; ++b)
      if (const auto at = written.find(step.rows[i].blocks[b]); at != written.end())
        row_check(step.rows[i], i, {})
          .refuse("blocks: " + std::to_string(at->first) + " holds earlier tokens and is written by row " +
            std::to_string(at->second));
}

at::Tensor to_device(const std::vector<std::int64_t>& values, at::Device device) {
  auto tensor = at::empty({static_cast<std::int64_t>(values.size())}, at::kLong);
  std::copy(values.begin(), values.end(), tensor.data_ptr<std::int64_t>());
  return tensor.to(device);
}

} // namespace

void validate(const batch& step, const batch_limits& limits, const std::vector<std::optional<token_id>>& last_samples) {
  if (step.rows.empty() || step.rows.size() > limits.max_sequences)
    throw std::invalid_argument("rows must be between 1 and " + std::to_string(limits.max_sequences) + ", got " +
      std::to_string(step.rows.size()));
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < step.rows.size(); ++i) {
    const row_check check(step.rows[i], i, limits);
    check.tokens(last_samples);
    check.pooled();
    check.adapter();
    check.blocks();
    check.sampling();
    tokens += step.rows[i].new_tokens();
  }
  if (tokens > limits.max_step_tokens)
    throw std::invalid_argument("tokens of all rows must be at most " + std::to_string(limits.max_step_tokens) +
      ", got " + std::to_string(tokens));
  refuse_shared(step, limits.block_size);
}

batch_layout lay_out(const batch& step, std::size_t block_size,
  const std::vector<std::optional<token_id>>& last_samples, at::Device device) {
  batch_layout layout;
  std::vector<std::int64_t> ids, positions, write_blocks, write_offsets, sampled, pooled;
  std::map<std::uint32_t, std::vector<std::int64_t>> adapted;
  for (const auto& row : step.rows) {
    const auto count = row.new_tokens();
    const auto needed = (row.position + count + block_size - 1) / block_size;
    layout.rows.push_back({layout.tokens, count, row.position, layout.tables.size(), needed});
    layout.tables.insert(
      layout.tables.end(), row.blocks.begin(), row.blocks.begin() + static_cast<std::ptrdiff_t>(needed));
    for (std::size_t i = 0; i < count; ++i) {
      const auto position = row.position + i;
      ids.push_back(row.from_last_sample ? *last_samples[row.slot] : row.tokens[i]);
      positions.push_back(static_cast<std::int64_t>(position));
      write_blocks.push_back(row.blocks[position / block_size]);
      write_offsets.push_back(static_cast<std::int64_t>(position % block_size));
      if (row.adapter > 0)
        adapted[row.adapter].push_back(static_cast<std::int64_t>(layout.tokens + i));
    }
    layout.tokens += count;
    for (std::size_t i = 0; i < row.scored.size(); ++i)
      sampled.push_back(static_cast<std::int64_t>(layout.tokens - count + row.scored_from + i));
    if (row.sample)
      sampled.push_back(static_cast<std::int64_t>(layout.tokens - 1));
    for (auto i = row.pool == pooling::mean ? 0 : count - 1; row.pool != pooling::none && i < count; ++i)
      pooled.push_back(static_cast<std::int64_t>(layout.tokens - count + i));
  }
  layout.samples = sampled.size();
  ids.resize(computed_rows(ids.size(), device));
  positions.resize(ids.size());
  sampled.resize(computed_rows(sampled.size(), device));
  layout.token_ids = to_device(ids, device);
  layout.positions = to_device(positions, device);
  layout.write_blocks = to_device(write_blocks, device);
  layout.write_offsets = to_device(write_offsets, device);
  if (layout.samples > 0)
    layout.sampled_tokens = to_device(sampled, device);
  if (!pooled.empty())
    layout.pooled_tokens = to_device(pooled, device);
  for (const auto& [adapter, tokens] : adapted)
    layout.adapted.push_back({adapter, to_device(tokens, device)});
  return layout;
}

} // namespace troupe::engine
