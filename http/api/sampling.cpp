#include "http/api/sampling.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "http/api/errors.hpp"

namespace troupe::http::api {

namespace json = boost::json;

namespace {

std::int64_t token_limit(std::size_t context) {
  return context == 0 ? std::numeric_limits<std::int32_t>::max() : static_cast<std::int64_t>(context);
}

std::string read_stop_string(const json::value& value, const std::string& path) {
  if (!value.is_string())
    refuse_type(path, "a string", value);
  const auto& text = value.get_string();
  if (text.empty())
    refuse(path, path + " must not be an empty string");
  if (text.size() > max_stop_bytes)
    refuse(path,
      path + " must have at most " + std::to_string(max_stop_bytes) + " bytes, got " + std::to_string(text.size()));
  return std::string{text};
}

std::vector<std::string> read_stop(field_reader& fields) {
  const auto* value = fields.find("stop");
  if (value == nullptr)
    return {};
  if (value->is_string())
    return {read_stop_string(*value, "stop")};
  if (!value->is_array())
    refuse_type("stop", "a string or a list of strings", *value);
  const auto& list = value->get_array();
  if (list.size() > max_stop_strings)
    refuse("stop",
      "stop must have at most " + std::to_string(max_stop_strings) + " strings, got " + std::to_string(list.size()));
  std::vector<std::string> stop;
  for (const auto& item : list)
    stop.push_back(read_stop_string(item, "stop[" + std::to_string(stop.size()) + "]"));
  return stop;
}

void read_chat_only(field_reader& fields) {
  const auto tier = fields.string("service_tier");
  if (tier && *tier != "auto" && *tier != "default")
    refuse_unsupported("service_tier", "only 'auto' and 'default' are");
  if (fields.boolean("store").value_or(false))
    refuse_unsupported("store", "nothing is stored");
  fields.refuse_present({"functions", "function_call", "modalities", "audio", "prediction", "web_search_options",
    "reasoning_effort", "verbosity", "metadata"});
}

void read_completions_only(field_reader& fields, generation_params& params) {
  params.echo = fields.boolean("echo").value_or(false);
  const auto best_of = fields.integer("best_of", 1, max_choices).value_or(params.choices);
  if (best_of != params.choices)
    refuse("best_of",
      "best_of must be " + std::to_string(params.choices) + ", as n is, got " + std::to_string(best_of) +
        ": the best of more is not chosen here",
      "unsupported_parameter");
  fields.refuse_present({"suffix"});
  const auto logprobs = fields.integer("logprobs", 0, max_top_logprobs);
  params.logprobs = logprobs.has_value();
  params.top_logprobs = static_cast<std::uint32_t>(logprobs.value_or(0));
}

void read_chat_logprobs(field_reader& fields, generation_params& params) {
  params.logprobs = fields.boolean("logprobs").value_or(false);
  const auto top = fields.integer("top_logprobs", 0, max_top_logprobs).value_or(0);
  if (top > 0 && !params.logprobs)
    refuse("top_logprobs", "top_logprobs wants logprobs to be true");
  params.top_logprobs = static_cast<std::uint32_t>(top);
}

/// What an answer's logprobs may take, told or not: they are kept until it ends.
void check_logprob_entries(const generation_params& params, std::size_t context) {
  if (!params.logprobs)
    return;
  const std::size_t longest = params.max_tokens == 0 || params.echo ? context : params.max_tokens;
  const auto entries = longest * params.choices * (1 + std::size_t{params.top_logprobs});
  if (entries > max_logprob_entries)
    refuse(params.top_logprobs > 0 ? "top_logprobs" : "n",
      "n, the tokens of an answer and top_logprobs + 1 may multiply to " + std::to_string(max_logprob_entries) +
        " at most where logprobs are wanted, got " + std::to_string(params.choices) + " x " + std::to_string(longest) +
        " x " + std::to_string(1 + params.top_logprobs));
}

std::vector<engine::token_bias> read_logit_bias(field_reader& fields) {
  const auto* value = fields.find("logit_bias");
  if (value == nullptr)
    return {};
  if (!value->is_object())
    refuse_type("logit_bias", "an object", *value);
  const auto& object = value->get_object();
  if (object.size() > max_logit_biases)
    refuse("logit_bias",
      "logit_bias must have at most " + std::to_string(max_logit_biases) + " tokens, got " +
        std::to_string(object.size()));
  field_reader biases{object, "logit_bias."};
  std::vector<engine::token_bias> out;
  for (const auto& member : object) {
    const std::string_view name{member.key()};
    token_id token = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), token);
    if (error != std::errc{} || end != name.data() + name.size() || token < 0)
      refuse("logit_bias", "logit_bias must have token ids as its keys, got '" + std::string{name} + "'");
    if (const auto bias = biases.number(name, -100, 100); bias && *bias != 0)
      out.push_back({token, static_cast<float>(*bias)});
  }
  // The order of the keys changes nothing.
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.token < b.token; });
  return out;
}

void read_penalties(field_reader& fields, generation_params& params) {
  params.presence_penalty = static_cast<float>(fields.number("presence_penalty", -2, 2).value_or(0));
  params.frequency_penalty = static_cast<float>(fields.number("frequency_penalty", -2, 2).value_or(0));
  params.repetition_penalty =
    static_cast<float>(fields.number("repetition_penalty", 0, 2, false).value_or(params.repetition_penalty));
  params.repetition_penalty = std::max(params.repetition_penalty, std::numeric_limits<float>::min());
}

/// Both names of the limit mean the same; they may not differ.
void read_max_completion_tokens(field_reader& fields, generation_params& params, std::size_t context) {
  const auto most = fields.integer("max_completion_tokens", 1, token_limit(context));
  if (!most)
    return;
  if (params.max_tokens != 0 && params.max_tokens != *most)
    refuse("max_completion_tokens",
      "max_completion_tokens is " + std::to_string(*most) + " but max_tokens is " + std::to_string(params.max_tokens) +
        "; give one of them");
  params.max_tokens = static_cast<std::uint32_t>(*most);
}

} // namespace

generation_params read_sampling(field_reader& fields, const sampling_defaults& defaults, std::size_t context) {
  generation_params p;
  p.temperature = static_cast<float>(fields.number("temperature", 0, 2).value_or(defaults.temperature));
  p.top_p = static_cast<float>(fields.number("top_p", 0, 1, false).value_or(defaults.top_p));
  // A top_p so small that a float rounds it to 0 still keeps the likeliest token.
  p.top_p = std::max(p.top_p, std::numeric_limits<float>::min());
  const auto top_k = fields.integer("top_k", -1, std::numeric_limits<std::int32_t>::max()).value_or(defaults.top_k);
  p.top_k = static_cast<std::int32_t>(std::max<std::int64_t>(top_k, 0));
  const auto seed = fields.seed("seed");
  p.has_seed = seed.has_value();
  p.seed = seed.value_or(0);
  p.stop = read_stop(fields);
  p.ignore_eos = fields.boolean("ignore_eos").value_or(false);
  const auto most = fields.integer("max_tokens", 1, token_limit(context));
  p.max_tokens = most ? static_cast<std::uint32_t>(*most) : defaults.max_tokens;
  p.min_p = defaults.min_p;
  p.repetition_penalty = defaults.repetition_penalty;
  return p;
}

void read_openai_sampling(field_reader& fields, generation_params& params, std::size_t context, bool chat) {
  params.min_p = static_cast<float>(fields.number("min_p", 0, 1).value_or(params.min_p));
  params.choices = static_cast<std::uint32_t>(fields.integer("n", 1, max_choices).value_or(1));
  read_penalties(fields, params);
  params.logit_bias = read_logit_bias(fields);
  fields.string("user");
  if (chat) {
    read_max_completion_tokens(fields, params, context);
    read_chat_logprobs(fields, params);
    read_chat_only(fields);
  } else {
    read_completions_only(fields, params);
  }
  check_logprob_entries(params, context);
}

std::int32_t read_priority(field_reader& fields) {
  return static_cast<std::int32_t>(fields.integer("priority", -max_priority, max_priority).value_or(0));
}

const served_model& find_model(const options& opts, std::string_view name) {
  if (name == "default" && !opts.models.empty())
    return opts.models.front();
  for (const auto& model : opts.models)
    if (is_called(model, name))
      return model;
  refuse_model(name);
}

void address(native_request& request, const served_model& model) {
  request.model = model.base();
  request.adapter = model.adapter;
}

} // namespace troupe::http::api
