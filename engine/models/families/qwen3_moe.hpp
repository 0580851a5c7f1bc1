// Qwen3-MoE (Qwen3-30B-A3B, 235B-A22B): Qwen3 with a mixture of experts in the layers that `decoder_sparse_step` and
// `mlp_only_layers` leave it, without a shared one. With `use_sliding_window` every layer sees a window only.
#pragma once

#include "engine/config/fields.hpp"
#include "engine/models/family.hpp"

namespace troupe::engine::families {

inline void read_qwen3_moe(model_config& config, const json_fields& fields) {
  config.qk_norm = head_norm::each_head;
  // Configurations saved by transformers 5 have the other name.
  read_experts(
    config, fields, fields.find("num_experts") ? "num_experts" : "num_local_experts", "moe_intermediate_size");
  if (fields.flag("use_sliding_window").value_or(false))
    read_window(config, fields);
}

inline void read_qwen3_moe_gguf(model_config& config, const gguf_file&) {
  config.qk_norm = head_norm::each_head;
  // The metadata does not say it.
  if (config.experts)
    config.experts->normalize = true;
}

inline constexpr family qwen3_moe{.model_type = "qwen3_moe",
  .architecture = "qwen3moe",
  .from_hugging_face = read_qwen3_moe,
  .from_gguf = read_qwen3_moe_gguf};

} // namespace troupe::engine::families
