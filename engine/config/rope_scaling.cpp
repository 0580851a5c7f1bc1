#include "engine/config/rope_scaling.hpp"

#include "engine/engine.hpp"
#include "engine/files/gguf.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace troupe::engine {

namespace {

constexpr double longest = 1U << 24U;

struct kind_name {
  std::string_view name;
  rope_scaling kind;
};

// `su` is what longrope was called first.
constexpr std::array kinds{kind_name{"default", rope_scaling::none}, kind_name{"linear", rope_scaling::linear},
  kind_name{"dynamic", rope_scaling::dynamic}, kind_name{"llama3", rope_scaling::llama3},
  kind_name{"yarn", rope_scaling::yarn}, kind_name{"longrope", rope_scaling::longrope},
  kind_name{"su", rope_scaling::longrope}};

rope_scaling kind_of(const json_fields& parameters) {
  const auto word = parameters.text("rope_type").value_or(parameters.text("type").value_or("default"));
  for (const auto& [name, kind] : kinds)
    if (name == word)
      return kind;
  parameters.refuse(
    parameters.find("rope_type") ? "rope_type" : "type", "must be default, linear, dynamic, llama3, yarn or longrope");
}

double positive(const json_fields& parameters, const char* name) {
  const auto value = parameters.number(name);
  if (!value || *value <= 0)
    parameters.refuse(name, "must be a positive number");
  return *value;
}

std::vector<float> divisors_of(const json_fields& parameters, const char* name, std::size_t count) {
  std::vector<float> divisors;
  const auto* list = parameters.find(name);
  if (!list || !list->is_array() || list->get_array().size() != count)
    parameters.refuse(name, "must be an array of " + std::to_string(count) + " numbers, half the rotated dimensions");
  for (const auto& number : list->get_array()) {
    const auto divisor = number.is_number() ? number.to_number<double>() : 0;
    if (!(divisor > 0 && std::isfinite(divisor)))
      parameters.refuse(name, "must hold positive numbers only");
    divisors.push_back(static_cast<float>(divisor));
  }
  return divisors;
}

/// How much attention is sharpened for a context `factor` times as long. After: Peng et al. 2023, "YaRN".
double yarn_magnitude(double factor, double weight = 1) {
  return factor <= 1 ? 1.0 : 0.1 * weight * std::log(factor) + 1.0;
}

/// After: Ding et al. 2024, "LongRoPE".
double longrope_magnitude(double factor, double original_context) {
  return factor <= 1 ? 1.0 : std::sqrt(1 + std::log(factor) / std::log(original_context));
}

void read_llama3(rope_config& rope, const json_fields& parameters) {
  rope.factor = positive(parameters, "factor");
  rope.low_frequency_factor = positive(parameters, "low_freq_factor");
  rope.high_frequency_factor = positive(parameters, "high_freq_factor");
  if (rope.high_frequency_factor <= rope.low_frequency_factor)
    parameters.refuse("high_freq_factor", "must be greater than low_freq_factor");
}

void read_yarn(rope_config& rope, const json_fields& parameters, std::size_t context) {
  rope.factor =
    parameters.find("factor") ? positive(parameters, "factor") : static_cast<double>(context) / rope.original_context;
  if (parameters.find("beta_fast"))
    rope.beta_fast = positive(parameters, "beta_fast");
  if (parameters.find("beta_slow"))
    rope.beta_slow = positive(parameters, "beta_slow");
  rope.truncate = parameters.flag("truncate").value_or(true);
  const auto scale = parameters.number("mscale").value_or(0);
  const auto scale_all = parameters.number("mscale_all_dim").value_or(0);
  if (parameters.find("attention_factor"))
    rope.magnitude = positive(parameters, "attention_factor");
  else if (scale != 0 && scale_all != 0)
    rope.magnitude = yarn_magnitude(rope.factor, scale) / yarn_magnitude(rope.factor, scale_all);
  else
    rope.magnitude = yarn_magnitude(rope.factor);
}

void read_longrope(rope_config& rope, const json_fields& parameters, std::size_t context) {
  rope.divisors = divisors_of(parameters, "short_factor", rope.dimensions / 2);
  rope.long_divisors = divisors_of(parameters, "long_factor", rope.dimensions / 2);
  rope.factor =
    parameters.find("factor") ? positive(parameters, "factor") : static_cast<double>(context) / rope.original_context;
  rope.magnitude = parameters.find("attention_factor") ? positive(parameters, "attention_factor")
                                                       : longrope_magnitude(rope.factor, rope.original_context);
}

void read_scaling(rope_config& rope, const json_fields& parameters, std::size_t context) {
  switch (rope.scaling) {
  case rope_scaling::none:
    break;
  case rope_scaling::linear:
  case rope_scaling::dynamic:
    rope.factor = positive(parameters, "factor");
    break;
  case rope_scaling::llama3:
    read_llama3(rope, parameters);
    break;
  case rope_scaling::yarn:
    read_yarn(rope, parameters, context);
    break;
  case rope_scaling::longrope:
    read_longrope(rope, parameters, context);
    break;
  }
}

/// The context that the model was first trained on: where it is written, else the model's.
double original_context(rope_scaling kind, const json_fields& parameters, const rope_defaults& defaults) {
  auto original = static_cast<double>(defaults.context);
  if (kind != rope_scaling::dynamic && defaults.original_context)
    original = static_cast<double>(*defaults.original_context);
  else if (kind != rope_scaling::dynamic && parameters.find("original_max_position_embeddings"))
    original = positive(parameters, "original_max_position_embeddings");
  if (!(original >= 2 && original <= longest))
    parameters.refuse("original_max_position_embeddings", "must be between 2 and 16777216");
  return original;
}

/// Numbers of a tensor [dimensions / 2], or nothing when there is no such tensor.
std::vector<float> divisors_of(const gguf_file& file, const char* name, std::size_t dimensions) {
  for (const auto& tensor : file.tensors()) {
    if (tensor.name != name)
      continue;
    if (tensor.shape != std::vector<std::size_t>{dimensions / 2} || tensor.type != stored_type::f32)
      throw load_error(file.path().string() + ": tensor '" + name + "' must be [" + std::to_string(dimensions / 2) +
        "] of F32, is " + shape_text(tensor.shape) + " of " + to_string(tensor.type));
    const auto divisors = tensor.numbers();
    if (std::any_of(divisors.begin(), divisors.end(), [](float d) { return !(d > 0 && std::isfinite(d)); }))
      throw load_error(file.path().string() + ": tensor '" + name + "' must hold positive numbers only");
    return divisors;
  }
  return {};
}

} // namespace

rope_config read_rope(const std::optional<json_fields>& parameters, const rope_defaults& defaults) {
  rope_config rope;
  rope.base = defaults.base;
  auto partial = defaults.partial;
  if (parameters) {
    rope.base = parameters->number("rope_theta").value_or(rope.base);
    partial = parameters->number("partial_rotary_factor").value_or(partial);
    rope.scaling = kind_of(*parameters);
    if (!(partial > 0 && partial <= 1))
      parameters->refuse("partial_rotary_factor", "must be above 0 and at most 1");
  }
  rope.dimensions = static_cast<std::size_t>(static_cast<double>(defaults.head_dim) * partial);
  if (rope.scaling != rope_scaling::none) {
    rope.original_context = original_context(rope.scaling, *parameters, defaults);
    read_scaling(rope, *parameters, defaults.context);
  }
  return rope;
}

rope_config read_rope(const json_fields& config, double base, std::size_t head_dim, std::size_t context) {
  rope_defaults defaults{base, head_dim, context, config.number("partial_rotary_factor").value_or(1), {}};
  if (!(defaults.partial > 0 && defaults.partial <= 1))
    config.refuse("partial_rotary_factor", "must be above 0 and at most 1");
  if (const auto theta = config.number("rope_theta"))
    defaults.base = *theta;
  defaults.original_context = config.count("original_max_position_embeddings");
  const auto parameters = config.object("rope_parameters");
  return read_rope(parameters ? parameters : config.object("rope_scaling"), defaults);
}

rope_config read_rope(const gguf_file& file, const std::string& architecture, std::size_t head_dim) {
  const auto key = [&](const char* name) { return architecture + ".rope." + name; };
  const auto number = [&](const char* name, double otherwise) {
    return file.has(key(name)) ? file.number(key(name)) : otherwise;
  };
  rope_config rope;
  rope.base = number("freq_base", 10000);
  rope.dimensions = file.has(key("dimension_count")) ? file.count(key("dimension_count")) : head_dim;
  const auto kind = file.has(key("scaling.type")) ? file.text(key("scaling.type")) : "none";
  rope.factor = number("scaling.factor", 1);
  rope.original_context = number("scaling.original_context_length", 0);
  rope.magnitude = number("scaling.attn_factor", 1);
  if (!(rope.factor > 0 && std::isfinite(rope.factor) && rope.magnitude > 0 && std::isfinite(rope.magnitude)))
    throw load_error(file.path().string() + ": metadata '" + key("scaling.factor") + "' must be a positive number");
  rope.divisors = divisors_of(file, "rope_freqs.weight", rope.dimensions);
  rope.long_divisors = divisors_of(file, "rope_factors_long.weight", rope.dimensions);
  if (!rope.long_divisors.empty()) {
    rope.scaling = rope_scaling::longrope;
    rope.divisors = divisors_of(file, "rope_factors_short.weight", rope.dimensions);
  } else if (kind == "linear") {
    rope.scaling = rope_scaling::linear;
  } else if (kind == "yarn") {
    rope.scaling = rope_scaling::yarn;
    rope.beta_fast = number("scaling.yarn_beta_fast", rope.beta_fast);
    rope.beta_slow = number("scaling.yarn_beta_slow", rope.beta_slow);
    rope.magnitude *= yarn_magnitude(rope.factor);
  } else if (kind != "none") {
    throw load_error(file.path().string() + ": metadata '" + key("scaling.type") +
      "' must be none, linear or yarn, or longrope with its tensors, got '" + kind + "'");
  }
  const bool needs_original = rope.scaling == rope_scaling::yarn || rope.scaling == rope_scaling::longrope;
  if (needs_original && !(rope.original_context >= 2 && rope.original_context <= longest))
    throw load_error(file.path().string() + ": metadata '" + key("scaling.original_context_length") +
      "' must be between 2 and 16777216, got " + std::to_string(rope.original_context));
  return rope;
}

std::size_t reachable_context(const rope_config& rope, std::size_t context) {
  const auto stretched = std::min(rope.original_context * rope.factor, longest);
  const bool stretches = rope.scaling == rope_scaling::dynamic || rope.scaling == rope_scaling::yarn;
  return stretches ? std::max(context, static_cast<std::size_t>(stretched)) : context;
}

} // namespace troupe::engine
