// A model's weights in the form that they are computed with.
#pragma once

#include "engine/checkpoint.hpp"
#include "engine/layers/linear.hpp"

#include <memory>
#include <vector>

namespace troupe::engine {

struct layer_weights {
  /// [hidden]
  at::Tensor attention_norm;
  /// q, k and v as one matrix, [q_width + 2 * kv_width, hidden].
  linear qkv;
  /// [hidden, q_width]
  linear out;
  /// [hidden]
  at::Tensor mlp_norm;
  /// [2 * intermediate, hidden]
  linear gate_up;
  /// [hidden, intermediate]
  linear down;
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
