// A model's weights in the form that they are computed with.
#pragma once

#include "engine/checkpoint.hpp"
#include "engine/layers/experts.hpp"
#include "engine/layers/linear.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace troupe::engine {

/// Undefined is what the model does not have.
struct layer_weights {
  /// [hidden]
  at::Tensor attention_norm;
  /// q, k and v as one matrix, [q_width + 2 * kv_width, hidden].
  linear qkv;
  /// [q_width + 2 * kv_width]
  at::Tensor qkv_bias;
  /// Where all heads are normalized together, [q_width] and [kv_width]; where each is by itself, [head_dim] both.
  at::Tensor q_norm;
  at::Tensor k_norm;
  /// Where each head is: the same for every head of q and k, [heads + kv_heads, head_dim].
  at::Tensor head_norms;
  /// [hidden, q_width]
  linear out;
  /// [hidden]
  at::Tensor out_bias;
  /// [hidden]
  at::Tensor post_attention_norm;
  /// [hidden]
  at::Tensor mlp_norm;
  /// [2 * intermediate, hidden]
  linear gate_up;
  /// [hidden, intermediate]
  linear down;
  /// In place of the two above in a layer with experts.
  std::optional<expert_weights> experts;
  /// [hidden]
  at::Tensor post_mlp_norm;
};

/// Immutable once loaded, so that engines of one process may share one model: `std::shared_ptr<const weights>`.
struct weights {
  model_config config;
  at::ScalarType dtype = at::kFloat;
  at::Device device = at::kCPU;
  /// [vocabulary, hidden]
  at::Tensor embedding;
  std::vector<layer_weights> layers;
  /// [hidden]
  at::Tensor norm;
  /// [vocabulary, hidden]
  linear head;
  /// Memory of all of the above.
  std::size_t bytes = 0;
};

/// Widens every weight to `dtype` on `device`, over all threads. The checkpoint may be closed afterwards.
std::shared_ptr<const weights> load_weights(const checkpoint& model, at::ScalarType dtype, at::Device device);

} // namespace troupe::engine
