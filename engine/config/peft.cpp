#include "engine/config/peft.hpp"

#include "engine/config/fields.hpp"
#include "engine/engine.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace troupe::engine {

namespace json = boost::json;

namespace {

using pattern_list = std::vector<std::pair<std::string, double>>;

constexpr std::size_t most_rank = 4096;

/// Whether a field says that what it is for is not used.
bool is_off(const json::value& value) {
  if (value.is_bool())
    return !value.get_bool();
  if (value.is_array())
    return value.get_array().empty();
  return value.is_object() && value.get_object().empty();
}

/// Fields of what changes an answer and is not served here.
constexpr std::array unserved{"use_dora", "fan_in_fan_out", "modules_to_save", "layer_replication", "target_parameters",
  "trainable_token_indices", "lora_bias", "use_qalora", "use_bdlora", "alora_invocation_tokens", "arrow_config",
  "kasa_config", "monteclora_config", "lora_ga_config"};

void refuse_unserved(const json_fields& fields) {
  const auto kind = fields.text("peft_type").value_or("");
  if (kind != "LORA")
    fields.refuse("peft_type", "must be \"LORA\"");
  for (const auto* name : unserved)
    if (const auto* value = fields.find(name); value && !is_off(*value))
      fields.refuse(name, "is not served: it must be absent, null, false or empty");
  if (fields.text("bias").value_or("none") != "none")
    fields.refuse("bias", "must be \"none\"");
  // These change the base model's weights as well.
  constexpr std::array begun{"pissa", "olora", "corda", "loftq", "lora_ga"};
  if (const auto* start = fields.find("init_lora_weights"); start && start->is_string()) {
    const std::string_view word = start->get_string();
    if (std::any_of(begun.begin(), begun.end(), [&](auto other) { return word.starts_with(other); }))
      fields.refuse(
        "init_lora_weights", "must leave the base model as it is: save the adapter converted to plain LoRA");
  }
}

void check_rank(const json_fields& fields, std::string_view name, double rank) {
  if (!(rank >= 1 && rank <= most_rank && std::floor(rank) == rank))
    fields.refuse(name, "must be a whole number between 1 and " + std::to_string(most_rank));
}

/// `rank_pattern` or `alpha_pattern`. PEFT takes a key for a regular expression; one that uses it as such is refused.
pattern_list read_pattern(const json_fields& fields, std::string_view name) {
  pattern_list pattern;
  const auto object = fields.object(name);
  if (!object)
    return pattern;
  for (const auto& key : object->names()) {
    if (key.find_first_of("^$*+?()[]{}|\\") != std::string::npos)
      object->refuse(key, "must be a module's name or the end of one, not a regular expression");
    const auto value = object->number(key);
    if (!value)
      object->refuse(key, "must be a number");
    pattern.emplace_back(key, *value);
  }
  return pattern;
}

/// What the first key says that a module's name ends in; null when there is none.
const double* find_pattern(const pattern_list& pattern, std::string_view module) {
  const auto found = std::find_if(pattern.begin(), pattern.end(),
    [&](const auto& entry) { return module == entry.first || module.ends_with("." + entry.first); });
  return found == pattern.end() ? nullptr : &found->second;
}

} // namespace

peft_config::peft_config(const std::filesystem::path& path) {
  const auto fields = read_json(path);
  refuse_unserved(fields);
  rank_ = required(fields, "r");
  check_rank(fields, "r", static_cast<double>(rank_));
  const auto alpha = fields.number("lora_alpha");
  if (!alpha)
    fields.refuse("lora_alpha", "is missing");
  alpha_ = *alpha;
  by_root_ = fields.flag("use_rslora").value_or(false);
  ranks_ = read_pattern(fields, "rank_pattern");
  for (const auto& [key, rank] : ranks_)
    check_rank(*fields.object("rank_pattern"), key, rank);
  alphas_ = read_pattern(fields, "alpha_pattern");
}

std::size_t peft_config::rank(std::string_view module) const {
  const auto* own = find_pattern(ranks_, module);
  return own ? static_cast<std::size_t>(*own) : rank_;
}

double peft_config::scale(std::string_view module) const {
  const auto* own = find_pattern(alphas_, module);
  const auto rank = static_cast<double>(this->rank(module));
  return (own ? *own : alpha_) / (by_root_ ? std::sqrt(rank) : rank);
}

} // namespace troupe::engine
