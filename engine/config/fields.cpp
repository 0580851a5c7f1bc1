#include "engine/config/fields.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace troupe::engine {

std::size_t required(const json_fields& fields, std::string_view name) {
  if (const auto value = fields.count(name))
    return *value;
  fields.refuse(name, "is missing");
}

std::vector<std::size_t> counts(const json_fields& fields, std::string_view name) {
  std::vector<std::size_t> numbers;
  const auto* list = fields.find(name);
  if (!list)
    return numbers;
  if (!list->is_array())
    fields.refuse(name, "must be an array of whole numbers");
  for (const auto& number : list->get_array()) {
    if (!number.is_int64() || number.get_int64() < 0)
      fields.refuse(name, "must be an array of whole numbers that are not negative");
    numbers.push_back(static_cast<std::size_t>(number.get_int64()));
  }
  return numbers;
}

void read_window(model_config& config, const json_fields& fields) {
  const auto window = fields.count("sliding_window").value_or(0);
  for (auto& form : config.forms)
    form.window = window;
}

bool read_layer_types(model_config& config, const json_fields& fields, std::size_t window) {
  const auto* types = fields.find("layer_types");
  if (!types)
    return false;
  if (!types->is_array() || types->get_array().size() < config.layers)
    fields.refuse(
      "layer_types", "must be an array with an entry for each of " + std::to_string(config.layers) + " layers");
  for (std::size_t i = 0; i < config.layers; ++i) {
    const auto& type = types->get_array()[i];
    const bool sliding = type == "sliding_attention";
    if (!sliding && type != "full_attention")
      fields.refuse("layer_types", "must hold full_attention and sliding_attention only");
    if (sliding && window == 0)
      fields.refuse("sliding_window", "must be a positive number, as layer_types has sliding_attention");
    config.forms[i].window = sliding ? window : 0;
  }
  return true;
}

void read_optional_window(
  model_config& config, const json_fields& fields, bool (*limited)(std::size_t layer, std::size_t max_window_layers)) {
  const auto window = fields.count("sliding_window").value_or(0);
  if (!fields.flag("use_sliding_window").value_or(false) || window == 0)
    return;
  if (read_layer_types(config, fields, window))
    return;
  const auto first = fields.count("max_window_layers").value_or(28);
  for (std::size_t i = 0; i < config.layers; ++i)
    config.forms[i].window = limited(i, first) ? window : 0;
}

void read_experts(model_config& config, const json_fields& fields, const char* count, const char* width) {
  expert_config experts;
  experts.count = required(fields, count);
  experts.chosen = required(fields, "num_experts_per_tok");
  experts.intermediate = required(fields, width);
  experts.normalize = fields.flag("norm_topk_prob").value_or(false);
  config.experts = experts;
  const auto step = fields.count("decoder_sparse_step").value_or(1);
  if (step == 0)
    fields.refuse("decoder_sparse_step", "must be at least 1");
  const auto plain = counts(fields, "mlp_only_layers");
  for (std::size_t i = 0; i < config.layers; ++i)
    config.forms[i].experts = (i + 1) % step == 0 && std::find(plain.begin(), plain.end(), i) == plain.end();
}

} // namespace troupe::engine
