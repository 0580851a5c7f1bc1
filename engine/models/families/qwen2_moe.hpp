// Qwen2-MoE (Qwen1.5-MoE, Qwen2-57B-A14B): Qwen2 with a mixture of experts in the layers that `decoder_sparse_step` and
// `mlp_only_layers` leave it, and one expert that every token goes through, weighted by a gate of its own. With
// `use_sliding_window` every second layer before `max_window_layers` sees a window only.
#pragma once

#include "engine/config/fields.hpp"
#include "engine/files/gguf.hpp"
#include "engine/models/family.hpp"

#include <algorithm>

namespace troupe::engine::families {

inline void read_qwen2_moe(model_config& config, const json_fields& fields) {
  config.qkv_bias = fields.flag("qkv_bias").value_or(true);
  config.out_bias = false;
  read_experts(config, fields, "num_experts", "moe_intermediate_size");
  config.experts->shared_intermediate = required(fields, "shared_expert_intermediate_size");
  read_optional_window(config, fields,
    [](std::size_t layer, std::size_t max_window_layers) { return layer % 2 == 0 && layer < max_window_layers; });
}

inline void read_qwen2_moe_gguf(model_config& config, const gguf_file& file) {
  if (!config.experts)
    return;
  // Older files give one width for all of a layer's chosen experts, and the shared one's.
  if (!file.has("qwen2moe.expert_feed_forward_length"))
    config.experts->intermediate = config.intermediate / std::max<std::size_t>(config.experts->chosen, 1);
  if (!file.has("qwen2moe.expert_shared_feed_forward_length"))
    config.experts->shared_intermediate = config.intermediate;
}

inline constexpr family qwen2_moe{.model_type = "qwen2_moe",
  .architecture = "qwen2moe",
  .from_hugging_face = read_qwen2_moe,
  .from_gguf = read_qwen2_moe_gguf};

} // namespace troupe::engine::families
