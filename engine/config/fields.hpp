// What families ask a Hugging Face `config.json` for in the same words. All throw `load_error` that names the field.
#pragma once

#include "engine/files/json_file.hpp"
#include "engine/model_config.hpp"

namespace troupe::engine {

/// A number that must be there.
std::size_t required(const json_fields& fields, std::string_view name);

/// An array of whole numbers that are not negative; empty when absent.
std::vector<std::size_t> counts(const json_fields& fields, std::string_view name);

/// Limits every layer to `sliding_window` tokens, where the field is there.
void read_window(model_config& config, const json_fields& fields);

/// Limits the layers that `layer_types` calls `sliding_attention` to `window` tokens. False when the field is absent.
bool read_layer_types(model_config& config, const json_fields& fields, std::size_t window);

/// Windows as Qwen's families have them: with `use_sliding_window`, in the layers of `layer_types` or, where that is
/// absent, those that `limited(layer, max_window_layers)` picks.
void read_optional_window(
  model_config& config, const json_fields& fields, bool (*limited)(std::size_t layer, std::size_t max_window_layers));

/// Experts in every layer that `decoder_sparse_step` and `mlp_only_layers` leave them; `width` is the field with the
/// width of one.
void read_experts(model_config& config, const json_fields& fields, const char* count, const char* width);

} // namespace troupe::engine
