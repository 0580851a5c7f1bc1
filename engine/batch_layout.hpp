// A step as tensors: the rows of a batch laid end to end.
#pragma once

#include "engine/engine.hpp"

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

namespace troupe::engine {

/// One sequence's new tokens within the step.
struct row_span {
  /// Index of its first token in the step.
  std::size_t first = 0;
  std::size_t tokens = 0;
  /// Position of its first token in the sequence.
  std::size_t position = 0;
  /// Its block table, in `batch_layout::tables`.
  std::size_t table = 0;
  std::size_t table_size = 0;
};

/// The tokens of all rows of one adapter.
struct adapted_tokens {
  /// Counts from 1, as in `batch_row`.
  std::uint32_t adapter = 0;
  /// [tokens of the adapter], int64.
  at::Tensor tokens;
};

/// All new tokens of all rows in one flat list, padded to `computed_rows`. Padding tokens are computed like others,
/// are seen by nobody and leave nothing behind.
struct batch_layout {
  std::vector<row_span> rows;
  /// The rows' block tables, one after the other, each as long as its row needs.
  std::vector<block_id> tables;
  /// Tokens without padding.
  std::size_t tokens = 0;
  /// Tokens whose logits are wanted, without padding.
  std::size_t samples = 0;

  /// [padded tokens], int64.
  at::Tensor token_ids;
  at::Tensor positions;
  /// [tokens], int64: block and place in the block that each token's key and value go to.
  at::Tensor write_blocks;
  at::Tensor write_offsets;
  /// [padded samples], int64: the tokens whose logits are wanted: row by row, first those that score another, then the
  /// one that a token is drawn after. Undefined when there are none.
  at::Tensor sampled_tokens;
  /// [pooled tokens], int64: those whose hidden states are wanted, row by row. Undefined when there are none.
  at::Tensor pooled_tokens;
  /// One per adapter that a row names, in their order.
  std::vector<adapted_tokens> adapted = {};
};

/// What a batch may ask for.
struct batch_limits {
  std::size_t vocabulary = 0;
  std::size_t context = 0;
  std::size_t block_size = 0;
  std::size_t blocks = 0;
  std::size_t max_sequences = 0;
  std::size_t max_step_tokens = 0;
  std::size_t hidden = 0;
  std::size_t adapters = 0;
};

/// Throws `std::invalid_argument` that names row, field, limit and value for a batch that breaks the contract of
/// `engine::submit`. `last_samples` has one entry per slot, nothing where the slot has not sampled yet.
void validate(const batch& step, const batch_limits& limits, const std::vector<std::optional<token_id>>& last_samples);

/// Lays out a valid batch.
batch_layout lay_out(const batch& step, std::size_t block_size,
  const std::vector<std::optional<token_id>>& last_samples, at::Device device);

} // namespace troupe::engine
