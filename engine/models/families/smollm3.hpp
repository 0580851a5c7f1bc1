// SmolLM3: Llama in which every fourth layer turns no heads (NoPE), or those where `no_rope_layers` has a 0. With
// `use_sliding_window` these layers see a window only.
#pragma once

#include "engine/config/fields.hpp"
#include "engine/models/family.hpp"

namespace troupe::engine::families {

/// No rope in every `interval`-th layer.
inline void no_rope_every(model_config& config, std::size_t interval) {
  for (std::size_t i = 0; i < config.layers; ++i)
    if ((i + 1) % interval == 0)
      config.forms[i].rope.reset();
}

inline void read_smollm3(model_config& config, const json_fields& fields) {
  const auto interval = fields.count("no_rope_layer_interval").value_or(4);
  if (interval == 0)
    fields.refuse("no_rope_layer_interval", "must be at least 1");
  const auto turned = counts(fields, "no_rope_layers");
  if (turned.empty())
    no_rope_every(config, interval);
  else if (turned.size() < config.layers)
    fields.refuse("no_rope_layers", "must have an entry for each of " + std::to_string(config.layers) + " layers");
  for (std::size_t i = 0; i < config.layers && i < turned.size(); ++i)
    if (turned[i] == 0)
      config.forms[i].rope.reset();
  const auto window = fields.count("sliding_window").value_or(0);
  if (!fields.flag("use_sliding_window").value_or(false) || window == 0 || read_layer_types(config, fields, window))
    return;
  for (auto& form : config.forms)
    form.window = form.rope ? 0 : window;
}

inline void read_smollm3_gguf(model_config& config, const gguf_file&) {
  no_rope_every(config, 4);
}

inline constexpr family smollm3{.model_type = "smollm3",
  .architecture = "smollm3",
  .interleaved_rope_in_gguf = true,
  .tied_head = true,
  .rope_base = 2e6,
  .from_hugging_face = read_smollm3,
  .from_gguf = read_smollm3_gguf};

} // namespace troupe::engine::families
