// Mixtral: Mistral with a mixture of experts in every layer; the weights of those chosen sum to 1.
#pragma once

#include "engine/config/fields.hpp"
#include "engine/models/family.hpp"

#include <array>

namespace troupe::engine::families {

inline constexpr std::array mixtral_names{
  weight_name{weight_role::router, "block_sparse_moe.gate.weight", ""},
  weight_name{weight_role::expert_gate, "block_sparse_moe.experts.*.w1.weight", ""},
  weight_name{weight_role::expert_up, "block_sparse_moe.experts.*.w3.weight", ""},
  weight_name{weight_role::expert_down, "block_sparse_moe.experts.*.w2.weight", ""},
};

inline void read_mixtral(model_config& config, const json_fields& fields) {
  read_window(config, fields);
  read_experts(config, fields, "num_local_experts", "intermediate_size");
  config.experts->normalize = true;
}

inline constexpr family mixtral{
  .model_type = "mixtral", .rope_base = 1e6, .names = mixtral_names, .from_hugging_face = read_mixtral};

} // namespace troupe::engine::families
