// Gemma 3, its text models: norms scale by 1 + weight, each layer has four of them, q and k are normalized by head,
// embeddings are multiplied by sqrt(hidden), the MLP's gate is GELU. Most layers see a window only and turn their heads
// by a rope with a base of its own; every sixth sees all, with the rope that the scaling belongs to. Of the folders of
// the larger models, which see pictures too (`gemma3`), the text part is served.
#pragma once

#include "engine/config/fields.hpp"
#include "engine/config/rope_scaling.hpp"
#include "engine/models/family.hpp"

#include <array>
#include <cmath>

namespace troupe::engine::families {

inline constexpr std::array gemma3_names{
  weight_name{weight_role::post_attention_norm, "post_attention_layernorm.weight", "post_attention_norm.weight"},
  weight_name{weight_role::mlp_norm, "pre_feedforward_layernorm.weight", "ffn_norm.weight"},
  weight_name{weight_role::post_mlp_norm, "post_feedforward_layernorm.weight", "post_ffw_norm.weight"},
};

// What the models' own folders leave out.
inline constexpr std::array gemma3_defaults{
  default_count{"vocab_size", 262208},
  default_count{"num_attention_heads", 8},
  default_count{"num_key_value_heads", 4},
  default_count{"head_dim", 256},
  default_count{"max_position_embeddings", 131072},
  default_count{"query_pre_attn_scalar", 256},
};

inline constexpr std::array<std::string_view, 2> gemma3_foreign{"vision_tower.", "multi_modal_projector."};

inline constexpr double gemma3_local_base = 10000;
inline constexpr std::size_t gemma3_pattern = 6;

/// Gives the second rope to the layers with a window.
inline void finish_gemma3(model_config& config) {
  config.gate = activation::gelu_tanh;
  config.qk_norm = head_norm::each_head;
  config.post_norms = true;
  config.embedding_scale = std::sqrt(static_cast<double>(config.hidden));
  for (auto& form : config.forms)
    form.rope = form.window > 0 ? 1 : 0;
}

/// Limits all but every `pattern`-th layer.
inline void window_by_pattern(model_config& config, std::size_t window, std::size_t pattern) {
  for (std::size_t i = 0; i < config.layers; ++i)
    config.forms[i].window = (i + 1) % pattern == 0 ? 0 : window;
}

inline void read_gemma3(model_config& config, const json_fields& fields) {
  const auto window = fields.count("sliding_window").value_or(0);
  const auto pattern = fields.count("sliding_window_pattern").value_or(gemma3_pattern);
  if (pattern == 0)
    fields.refuse("sliding_window_pattern", "must be at least 1");
  if (!read_layer_types(config, fields, window))
    window_by_pattern(config, window, pattern);
  if (const auto scalar = fields.number("query_pre_attn_scalar")) {
    if (*scalar <= 0)
      fields.refuse("query_pre_attn_scalar", "must be a positive number");
    config.attention_scale = 1 / std::sqrt(*scalar);
  }
  rope_defaults all{fields.number("rope_theta").value_or(1e6), config.head_dim, config.context, 1, {}};
  rope_defaults local = all;
  local.base = fields.number("rope_local_base_freq").value_or(gemma3_local_base);
  // Newer files have both ropes in `rope_parameters`, by the layers' type.
  const auto both = fields.object("rope_parameters");
  config.ropes = {read_rope(both ? both->object("full_attention") : fields.object("rope_scaling"), all),
    read_rope(both ? both->object("sliding_attention") : std::nullopt, local)};
  finish_gemma3(config);
}

inline void read_gemma3_gguf(model_config& config, const gguf_file&) {
  window_by_pattern(config, config.forms.front().window, gemma3_pattern);
  rope_config local;
  local.base = gemma3_local_base;
  local.dimensions = config.ropes.front().dimensions;
  config.ropes.push_back(local);
  // The metadata does not say it: the largest model alone scales by its hidden size per head.
  constexpr std::size_t layers_of_27b = 62;
  if (config.attention_scale == 0 && config.layers == layers_of_27b)
    config.attention_scale = 1 / std::sqrt(static_cast<double>(config.hidden) / static_cast<double>(config.heads));
  finish_gemma3(config);
}

inline constexpr family gemma3{.model_type = "gemma3_text",
  .architecture = "gemma3",
  .norms_less_one = true,
  .tied_head = true,
  .defaults = gemma3_defaults,
  .names = gemma3_names,
  .from_hugging_face = read_gemma3,
  .from_gguf = read_gemma3_gguf};

/// In GGUF the text part is a file of its own.
inline constexpr family gemma3_whole{.model_type = "gemma3",
  .norms_less_one = true,
  .tied_head = true,
  .defaults = gemma3_defaults,
  .text_config = "text_config",
  .text_prefix = "language_model.",
  .foreign_prefixes = gemma3_foreign,
  .names = gemma3_names,
  .from_hugging_face = read_gemma3};

} // namespace troupe::engine::families
