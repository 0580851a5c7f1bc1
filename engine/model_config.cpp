#include "engine/model_config.hpp"

#include "engine/engine.hpp"
#include "engine/files/gguf.hpp"
#include "engine/files/json_file.hpp"
#include "engine/models/registry.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::engine {

namespace {

void check_range(const std::string& where, const char* name, std::size_t value, std::size_t limit) {
  if (value < 1 || value > limit)
    throw load_error(
      where + ": " + name + " must be between 1 and " + std::to_string(limit) + ", got " + std::to_string(value));
}

/// Bounds that keep every later product of two of these numbers, and every tensor's size, inside 63 bits.
void check(const model_config& config, const std::string& where) {
  if (!find_architecture(config.architecture))
    throw load_error(
      where + ": architecture '" + config.architecture + "' is not served; known are " + architecture_names());
  check_range(where, "vocabulary size", config.vocabulary, 1U << 22U);
  check_range(where, "hidden size", config.hidden, 1U << 17U);
  check_range(where, "number of layers", config.layers, 1024);
  check_range(where, "number of attention heads", config.heads, 4096);
  check_range(where, "number of key-value heads", config.kv_heads, config.heads);
  check_range(where, "head size", config.head_dim, 1024);
  check_range(where, "intermediate size", config.intermediate, 1U << 20U);
  check_range(where, "context length", config.context, 1U << 24U);
  if (config.heads % config.kv_heads != 0)
    throw load_error(where + ": number of attention heads must be a multiple of the key-value heads, got " +
      std::to_string(config.heads) + " and " + std::to_string(config.kv_heads));
  if (config.head_dim % 2 != 0)
    throw load_error(where + ": head size must be even, got " + std::to_string(config.head_dim));
  if (!(config.rms_epsilon > 0 && config.rms_epsilon < 1))
    throw load_error(where + ": RMS norm epsilon must be between 0 and 1, got " + std::to_string(config.rms_epsilon));
  if (!(config.rope_base > 0 && std::isfinite(config.rope_base)))
    throw load_error(where + ": rope base must be positive, got " + std::to_string(config.rope_base));
}

std::size_t required(const json_fields& fields, std::string_view name) {
  if (const auto value = fields.count(name))
    return *value;
  fields.refuse(name, "is missing");
}

void read_rope(model_config& config, const json_fields& fields) {
  // Newer files gather everything about rope in `rope_parameters`, older ones have `rope_theta` and `rope_scaling`.
  const auto parameters = fields.object("rope_parameters");
  const auto scaling = parameters ? parameters : fields.object("rope_scaling");
  config.rope_base =
    parameters ? parameters->number("rope_theta").value_or(10000.0) : fields.number("rope_theta").value_or(10000.0);
  if (!scaling)
    return;
  const auto kind = scaling->text("rope_type").value_or(scaling->text("type").value_or("default"));
  if (kind == "default")
    return;
  if (kind != "llama3")
    scaling->refuse(scaling->find("rope_type") ? "rope_type" : "type", "must be default or llama3");
  const auto positive = [&](const char* name) {
    const auto value = scaling->number(name);
    if (!value || *value <= 0)
      scaling->refuse(name, "must be a positive number");
    return *value;
  };
  config.stretch = rope_stretch{positive("factor"), positive("low_freq_factor"), positive("high_freq_factor"),
    positive("original_max_position_embeddings")};
  if (config.stretch->high_frequency_factor <= config.stretch->low_frequency_factor)
    scaling->refuse("high_freq_factor", "must be greater than low_freq_factor");
}

/// What other members of the family have and this decoder does not.
void refuse_foreign(const json_fields& fields) {
  for (const auto* bias : {"attention_bias", "mlp_bias"})
    if (fields.flag(bias).value_or(false))
      fields.refuse(bias, "must be false");
  if (const auto activation = fields.text("hidden_act").value_or("silu"); activation != "silu")
    fields.refuse("hidden_act", "must be silu");
  if (fields.find("quantization_config"))
    fields.refuse("quantization_config", "is not supported: the weights must be F32, F16 or BF16");
}

} // namespace

model_config read_config(const gguf_file& file) {
  const auto where = file.path().string();
  model_config config;
  config.architecture = file.text("general.architecture");
  if (!find_architecture(config.architecture))
    check(config, where);
  const auto key = [&](const char* name) { return config.architecture + "." + name; };
  config.hidden = file.count(key("embedding_length"));
  config.layers = file.count(key("block_count"));
  config.heads = file.count(key("attention.head_count"));
  config.kv_heads =
    file.has(key("attention.head_count_kv")) ? file.count(key("attention.head_count_kv")) : config.heads;
  check_range(where, "number of attention heads", config.heads, 4096);
  config.head_dim =
    file.has(key("attention.key_length")) ? file.count(key("attention.key_length")) : config.hidden / config.heads;
  config.intermediate = file.count(key("feed_forward_length"));
  config.context = file.count(key("context_length"));
  config.rms_epsilon = file.number(key("attention.layer_norm_rms_epsilon"));
  config.rope_base = file.has(key("rope.freq_base")) ? file.number(key("rope.freq_base")) : 10000.0;
  config.tied_head = true;
  for (const auto& tensor : file.tensors()) {
    if (tensor.name == "output.weight")
      config.tied_head = false;
    if (tensor.name == "token_embd.weight")
      config.vocabulary = tensor.shape.front();
    if (tensor.name == "rope_freqs.weight" && tensor.shape == std::vector<std::size_t>{config.head_dim / 2} &&
      tensor.type == stored_type::f32) {
      config.rope_divisors.resize(config.head_dim / 2);
      widen(tensor.type, tensor.bytes.data(), config.rope_divisors.size(), config.rope_divisors.data());
    }
  }
  if (config.vocabulary == 0)
    throw load_error(where + ": tensor 'token_embd.weight' is missing");
  if (file.has(key("rope.dimension_count")) && file.count(key("rope.dimension_count")) != config.head_dim)
    throw load_error(where + ": metadata '" + key("rope.dimension_count") + "' must be the head size " +
      std::to_string(config.head_dim) + ", got " + std::to_string(file.count(key("rope.dimension_count"))));
  if (file.has(key("rope.scaling.type")) && file.text(key("rope.scaling.type")) != "none")
    throw load_error(where + ": metadata '" + key("rope.scaling.type") + "' must be none, got '" +
      file.text(key("rope.scaling.type")) + "'");
  check(config, where);
  return config;
}

model_config read_config(const json_fields& fields, const std::string& where) {
  model_config config;
  config.architecture = fields.text("model_type").value_or("");
  const auto* known = find_architecture(config.architecture);
  if (!known)
    check(config, where);
  refuse_foreign(fields);
  config.vocabulary = required(fields, "vocab_size");
  config.hidden = required(fields, "hidden_size");
  config.layers = required(fields, "num_hidden_layers");
  config.heads = required(fields, "num_attention_heads");
  check_range(where, "num_attention_heads", config.heads, 4096);
  config.kv_heads = fields.count("num_key_value_heads").value_or(config.heads);
  config.head_dim = fields.count("head_dim").value_or(config.hidden / config.heads);
  config.intermediate = required(fields, "intermediate_size");
  config.context = required(fields, "max_position_embeddings");
  config.rms_epsilon = fields.number("rms_norm_eps").value_or(1e-6);
  config.tied_head = fields.flag("tie_word_embeddings").value_or(false);
  read_rope(config, fields);
  if (const auto window = fields.count("sliding_window"); known->sliding_window && window)
    config.context = std::min(config.context, *window);
  check(config, where);
  return config;
}

} // namespace troupe::engine
