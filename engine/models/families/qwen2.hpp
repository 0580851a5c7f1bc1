// Qwen2 and Qwen2.5: q, k and v have a bias. With `use_sliding_window` the layers from `max_window_layers` on see a
// window only.
#pragma once

#include "engine/config/fields.hpp"
#include "engine/models/family.hpp"

namespace troupe::engine::families {

inline void read_qwen_window(model_config& config, const json_fields& fields) {
  read_optional_window(
    config, fields, [](std::size_t layer, std::size_t max_window_layers) { return layer >= max_window_layers; });
}

inline void read_qwen2(model_config& config, const json_fields& fields) {
  config.qkv_bias = true;
  config.out_bias = false;
  read_qwen_window(config, fields);
}

inline constexpr family qwen2{.model_type = "qwen2", .architecture = "qwen2", .from_hugging_face = read_qwen2};

} // namespace troupe::engine::families
