// Mixture of experts: MLPs of which a router chooses some for each token.
#pragma once

#include "engine/layers/linear.hpp"
#include "engine/model_config.hpp"

#include <cstdint>
#include <vector>

namespace troupe::engine {

/// One layer's experts. The shared ones' members are undefined where there is no shared expert.
struct expert_weights {
  /// [experts, hidden], float32: what a rounded score chooses could be another expert.
  at::Tensor router;
  /// One per expert: gate and up as [2 * intermediate, hidden], and down as [hidden, intermediate].
  std::vector<linear> gate_up;
  std::vector<linear> down;
  /// In place of these, where the device multiplies all groups of tokens at once: [experts, 2 * intermediate, hidden]
  /// and [experts, hidden, intermediate].
  at::Tensor all_gate_up;
  at::Tensor all_down;
  /// [hidden]
  at::Tensor shared_router;
  linear shared_gate_up;
  linear shared_down;
};

/// Sends each token through the experts that the router finds likeliest for it, and sums what they give, weighted by
/// their likelihood.
///   x       [padded tokens, hidden], of which the first `tokens` are looked at
///   returns [padded tokens, hidden]; 0 for padding
///   counts  gains the number of tokens that each expert was chosen for; may be null
///
/// Tokens are grouped by expert over the whole step, and an expert that none chose costs nothing. A token's result does
/// not depend on the others: it is routed by itself, an expert computes it among a number of rows that `computed_rows`
/// returns, and its sum is in the order of its own choices, the likeliest first.
/// After: Shazeer et al. 2017, "Outrageously Large Neural Networks", and Fedus et al. 2021, "Switch Transformers".
at::Tensor mix_experts(const at::Tensor& x, std::size_t tokens, const expert_weights& weights,
  const expert_config& config, activation function, std::vector<std::uint64_t>* counts);

} // namespace troupe::engine
