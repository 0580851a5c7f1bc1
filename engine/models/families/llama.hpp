// Llama 2 and 3.x, SmolLM and SmolLM2, and all that call themselves `llama`: what the decoder does when a page says
// nothing else. GGUF files of Mistral and Mixtral go by this name too; a window and experts are read from the metadata.
#pragma once

#include "engine/models/family.hpp"

namespace troupe::engine::families {

inline void read_llama(model_config& config, const gguf_file&) {
  // Mixtral's router: the metadata does not say it.
  if (config.experts)
    config.experts->normalize = true;
}

inline constexpr family llama{
  .model_type = "llama", .architecture = "llama", .interleaved_rope_in_gguf = true, .from_gguf = read_llama};

} // namespace troupe::engine::families
