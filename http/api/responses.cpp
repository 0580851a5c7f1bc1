#include "http/api/responses.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "http/api/errors.hpp"
#include "http/api/json_in.hpp"
#include "http/api/messages.hpp"
#include "http/api/sampling.hpp"

namespace troupe::http::api {

namespace json = boost::json;

namespace {

std::string required(field_reader& fields, std::string_view name) {
  auto text = fields.string(name);
  if (!text)
    refuse(fields.path(name), fields.path(name) + " is missing");
  return std::move(*text);
}

/// A word that must be one of these.
void check_word(const std::string& path, const std::string& word, std::initializer_list<std::string_view> allowed) {
  if (std::find(allowed.begin(), allowed.end(), word) != allowed.end())
    return;
  std::string list;
  for (auto name : allowed)
    list += (list.empty() ? "'" : ", '") + std::string{name} + "'";
  refuse(path, path + (allowed.size() == 1 ? " must be " : " must be one of ") + list + ", got '" + word + "'");
}

void check_empty_array(field_reader& fields, std::string_view name) {
  const auto* value = fields.find(name);
  if (value == nullptr)
    return;
  if (!value->is_array())
    refuse_type(fields.path(name), "an array", *value);
  if (!value->get_array().empty())
    refuse_unsupported(fields.path(name), "only an empty list is");
}

/// A part of a message: `input_text`, or `output_text` of an earlier answer.
std::string read_part(const json::value& part, const std::string& path, bool answer) {
  if (!part.is_object())
    refuse_type(path, "an object", part);
  field_reader fields{part.get_object(), path + "."};
  check_word(path + ".type", required(fields, "type"), {answer ? "output_text" : "input_text"});
  auto text = required(fields, "text");
  if (answer) {
    check_empty_array(fields, "annotations");
    check_empty_array(fields, "logprobs");
  }
  fields.finish();
  return text;
}

chat_message read_item(const json::value& item, const std::string& path) {
  if (!item.is_object())
    refuse_type(path, "an object", item);
  field_reader fields{item.get_object(), path + "."};
  if (const auto type = fields.string("type"))
    check_word(path + ".type", *type, {"message"});
  chat_message message;
  message.role = required(fields, "role");
  check_word(path + ".role", message.role, {"user", "assistant", "system", "developer"});
  const bool answer = message.role == "assistant";
  message.content = read_content(fields,
    [answer](const json::value& part, const std::string& part_path) { return read_part(part, part_path, answer); });
  if (answer) {
    // What an answer of ours carries may come back in the next request.
    fields.string("id");
    fields.string("status");
  }
  fields.finish();
  if (message.role == "developer")
    message.role = "system";
  return message;
}

std::vector<chat_message> read_input(field_reader& fields, std::size_t most) {
  const auto* input = fields.find("input");
  if (input == nullptr)
    refuse("input", "input is missing");
  std::vector<chat_message> messages;
  if (input->is_string()) {
    messages.emplace_back().role = "user";
    messages.back().content = std::string{input->get_string()};
    return messages;
  }
  if (!input->is_array())
    refuse_type("input", "a string or a list of messages", *input);
  const auto& items = input->get_array();
  if (items.empty() || items.size() > most)
    refuse("input",
      "input must have between 1 and " + std::to_string(most) + " messages, got " + std::to_string(items.size()));
  for (const auto& item : items)
    messages.push_back(read_item(item, "input[" + std::to_string(messages.size()) + "]"));
  return messages;
}

json::object read_metadata(field_reader& fields) {
  const auto* value = fields.find("metadata");
  if (value == nullptr)
    return {};
  if (!value->is_object())
    refuse_type("metadata", "an object", *value);
  const auto& pairs = value->get_object();
  const auto check = [](const std::string& path, std::size_t got, std::size_t most, std::string_view what) {
    if (got > most)
      refuse(path,
        path + " must have at most " + std::to_string(most) + " " + std::string{what} + ", got " + std::to_string(got));
  };
  check("metadata", pairs.size(), max_metadata, "pairs");
  for (const auto& pair : pairs) {
    check("metadata", pair.key().size(), max_metadata_key_bytes, "bytes in a key");
    const auto path = "metadata." + std::string{pair.key()};
    if (!pair.value().is_string())
      refuse_type(path, "a string", pair.value());
    check(path, pair.value().get_string().size(), max_metadata_value_bytes, "bytes");
  }
  return pairs;
}

/// Only plain text is answered.
void check_text_format(field_reader& fields) {
  const auto* value = fields.find("text");
  if (value == nullptr)
    return;
  if (!value->is_object())
    refuse_type("text", "an object", *value);
  field_reader text{value->get_object(), "text."};
  text.refuse_present({"verbosity"});
  if (const auto* inner = text.find("format")) {
    if (!inner->is_object())
      refuse_type("text.format", "an object", *inner);
    field_reader format{inner->get_object(), "text.format."};
    const auto type = required(format, "type");
    if (type == "json_object" || type == "json_schema")
      refuse_unsupported("text.format.type", "only 'text' is");
    check_word("text.format.type", type, {"text"});
    format.finish();
  }
  text.finish();
}

/// Fields of which only the value that changes nothing is supported.
void check_neutral(field_reader& fields) {
  if (fields.boolean("store").value_or(false))
    refuse_unsupported("store", "nothing is stored");
  if (fields.boolean("background").value_or(false))
    refuse_unsupported("background", "nothing is stored");
  check_empty_array(fields, "tools");
  if (const auto choice = fields.string("tool_choice"))
    check_word("tool_choice", *choice, {"auto", "none"});
  fields.boolean("parallel_tool_calls");
  check_empty_array(fields, "include");
  if (const auto truncation = fields.string("truncation"))
    check_word("truncation", *truncation, {"disabled"});
  check_text_format(fields);
  fields.refuse_present(
    {"previous_response_id", "conversation", "prompt", "reasoning", "max_tool_calls", "service_tier", "stream_options",
      "top_logprobs", "prompt_cache_key", "prompt_cache_retention", "safety_identifier"});
}

generation_params read_params(field_reader& fields, const served_model& model) {
  generation_params p;
  p.temperature = static_cast<float>(fields.number("temperature", 0, 2).value_or(model.temperature));
  p.top_p = static_cast<float>(fields.number("top_p", 0, 1, false).value_or(model.top_p));
  // A top_p so small that a float rounds it to 0 still keeps the likeliest token.
  p.top_p = std::max(p.top_p, std::numeric_limits<float>::min());
  p.top_k = std::max(model.top_k, 0);
  p.min_p = model.min_p;
  p.repetition_penalty = model.repetition_penalty;
  const auto bound = model.context == 0 ? std::int64_t{std::numeric_limits<std::int32_t>::max()}
                                        : static_cast<std::int64_t>(model.context);
  p.max_tokens = static_cast<std::uint32_t>(fields.integer("max_output_tokens", 1, bound).value_or(0));
  return p;
}

} // namespace

responses_call read_responses(std::string_view body, const call_context& context) {
  const auto object = parse_object(body, context.opts.limit.json_depth);
  field_reader fields{object};
  const auto name = fields.string("model");
  if (!name)
    refuse("model", "model is missing; GET /v1/models lists what is served, and 'default' is the first");
  const auto& model = find_model(context.opts, *name);
  responses_call c;
  auto& r = c.request;
  auto& s = c.style;
  r.params = read_params(fields, model);
  r.messages = read_input(fields, context.opts.limit.messages);
  s.instructions = fields.string("instructions");
  s.stream = fields.boolean("stream").value_or(false);
  s.user = fields.string("user");
  s.metadata = read_metadata(fields);
  check_neutral(fields);
  fields.finish();

  if (s.instructions) {
    chat_message first;
    first.role = "system";
    first.content = *s.instructions;
    r.messages.insert(r.messages.begin(), std::move(first));
  }
  r.request_id = context.request_id;
  r.endpoint = "/v1/responses";
  address(r, model);
  r.cache = r.params.temperature == 0 && !context.no_store ? cache_policy::use : cache_policy::bypass;
  s.request_id = context.request_id;
  s.model = model.name;
  s.created = context.now;
  s.temperature = r.params.temperature;
  s.top_p = r.params.top_p;
  if (r.params.max_tokens != 0)
    s.max_output_tokens = r.params.max_tokens;
  return c;
}

} // namespace troupe::http::api
