// OLMoE: a mixture of experts in every layer; q and k are normalized over all their heads together.
#pragma once

#include "engine/config/fields.hpp"
#include "engine/models/family.hpp"

namespace troupe::engine::families {

inline void read_olmoe(model_config& config, const json_fields& fields) {
  config.qk_norm = head_norm::all_heads;
  read_experts(config, fields, fields.find("num_experts") ? "num_experts" : "num_local_experts", "intermediate_size");
}

inline void read_olmoe_gguf(model_config& config, const gguf_file&) {
  config.qk_norm = head_norm::all_heads;
}

inline constexpr family olmoe{
  .model_type = "olmoe", .architecture = "olmoe", .from_hugging_face = read_olmoe, .from_gguf = read_olmoe_gguf};

} // namespace troupe::engine::families
