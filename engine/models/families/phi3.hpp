// Phi-3 and Phi-4 (mini): files hold q, k and v as one matrix, gate and up as another. Long contexts by longrope, which
// `original_max_position_embeddings` beside it belongs to.
#pragma once

#include "engine/config/fields.hpp"
#include "engine/models/family.hpp"

namespace troupe::engine::families {

inline void read_phi3(model_config& config, const json_fields& fields) {
  config.fused = true;
  read_window(config, fields);
}

inline void read_phi3_gguf(model_config& config, const gguf_file&) {
  config.fused = true;
}

inline constexpr family phi3{
  .model_type = "phi3", .architecture = "phi3", .from_hugging_face = read_phi3, .from_gguf = read_phi3_gguf};

} // namespace troupe::engine::families
