// Qwen3: each head of q and k is normalized before it turns, and heads have a width of their own (`head_dim`). Windows
// are as in Qwen2.
#pragma once

#include "engine/models/families/qwen2.hpp"

namespace troupe::engine::families {

inline void read_qwen3(model_config& config, const json_fields& fields) {
  config.qk_norm = head_norm::each_head;
  read_qwen_window(config, fields);
}

inline void read_qwen3_gguf(model_config& config, const gguf_file&) {
  config.qk_norm = head_norm::each_head;
}

inline constexpr family qwen3{
  .model_type = "qwen3", .architecture = "qwen3", .from_hugging_face = read_qwen3, .from_gguf = read_qwen3_gguf};

} // namespace troupe::engine::families
