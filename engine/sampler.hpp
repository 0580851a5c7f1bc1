// Draws the next token of every row of a step.
#pragma once

#include "engine/engine.hpp"

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

namespace troupe::engine {

/// How one row of logits is to be sampled.
struct sample_request {
  sampling_params sampling;
  std::uint32_t choice = 0;
  std::uint64_t sample_index = 0;
  /// What penalties look at.
  std::span<const token_id> prompt = {};
  std::span<const token_id> drawn = {};
  /// Null lets every token be drawn.
  token_filter* filter = nullptr;
};

/// Draws one token per row of logits, all rows at once. A row's result depends on its logits and its request only.
///   logits  [rows, vocabulary], float32
///   returns one output per row; `score` where it was asked for
/// Throws what a filter throws, and `std::runtime_error` for one that allows nothing. Rows at temperature 0 take the
/// highest logit, the lowest token among equals, without sorting.
std::vector<row_output> sample(const at::Tensor& logits, std::span<const sample_request> requests);

/// Scores given tokens.
///   logits  [tokens, vocabulary], float32
///   returns one score per token, each from its own row, with the `top` likeliest of the row
std::vector<token_score> score(const at::Tensor& logits, std::span<const token_id> tokens, std::uint32_t top);

/// Those rows of a matrix; the matrix itself when they are all of them, in order.
at::Tensor rows_of(const at::Tensor& matrix, const std::vector<std::int64_t>& rows);

/// Draws from one row's probabilities, which sum to 1: filters, then takes the token at which the running sum of what
/// is left passes `uniform` of its total. `uniform` is in [0, 1).
token_id draw(std::span<const float> probabilities, const sampling_params& sampling, double uniform);

/// The random number in [0, 1) of draw `sample_index` of choice `choice`: Philox4x32-10, keyed by the seed, of the
/// counter (sample_index, choice, 0). After: Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3".
double uniform_at(std::uint64_t seed, std::uint32_t choice, std::uint64_t sample_index);

} // namespace troupe::engine
