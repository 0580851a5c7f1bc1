// A LoRA adapter's numbers in the form that they are computed with.
#pragma once

#include "engine/adapter_files.hpp"
#include "engine/layers/low_rank.hpp"

#include <vector>

namespace troupe::engine {

/// What is added to the matrices of one layer, which are those of `layer_weights`.
struct adapted_layer {
  low_rank qkv;
  low_rank out;
  low_rank gate_up;
  low_rank down;
};

struct adapter_weights {
  /// One per layer of the model.
  std::vector<adapted_layer> layers;
  /// Memory of all of them.
  std::size_t bytes = 0;
};

/// Widens an adapter's numbers to float32 on `device`. The files may be closed afterwards.
adapter_weights load_adapter(const adapter_files& files, const model_config& config, at::Device device);

} // namespace troupe::engine
