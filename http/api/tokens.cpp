#include "http/api/tokens.hpp"

#include <limits>

#include "http/api/errors.hpp"
#include "http/api/fields.hpp"
#include "http/api/json_in.hpp"
#include "http/api/json_out.hpp"
#include "http/api/messages.hpp"
#include "http/api/sampling.hpp"

namespace troupe::http::api {

namespace json = boost::json;

std::vector<token_id> read_token_ids(const json::array& list, const std::string& path) {
  std::vector<token_id> tokens;
  tokens.reserve(list.size());
  for (const auto& item : list) {
    const auto place = path + "[" + std::to_string(tokens.size()) + "]";
    // As everywhere, 5.0 is whole.
    boost::json::error_code error;
    const auto id = item.to_number<std::int64_t>(error);
    if (error)
      refuse_type(place, "a token id", item);
    if (id < 0 || id > std::numeric_limits<token_id>::max())
      refuse(place,
        place + " must be between 0 and " + std::to_string(std::numeric_limits<token_id>::max()) + ", got " +
          std::to_string(id));
    tokens.push_back(static_cast<token_id>(id));
  }
  return tokens;
}

native_request read_tokenize(std::string_view body, const call_context& context) {
  const auto object = parse_object(body, context.opts.limit.json_depth);
  field_reader fields{object};
  native_request request;
  request.model = find_model(context.opts, fields.string("model").value_or("default")).base();
  request.add_special = fields.boolean("add_special_tokens").value_or(true);
  auto prompt = fields.string("prompt");
  const auto* messages = fields.find("messages");
  if (prompt.has_value() == (messages != nullptr))
    refuse(
      "prompt", prompt ? "prompt and messages cannot be given together" : "prompt is missing; messages do as well");
  if (prompt) {
    request.form = prompt_form::text;
    request.prompt = std::move(*prompt);
  } else {
    request.messages = read_messages(*messages, context.opts.limit.messages);
  }
  fields.finish();
  return request;
}

std::string tokens_body(const std::vector<token_id>& tokens, std::size_t context_length) {
  std::string out;
  json_writer w{out};
  w.begin_object().field("count", tokens.size()).field("max_model_len", context_length).key("tokens").begin_array();
  for (const auto token : tokens)
    w.value(token);
  w.end_array().end_object();
  return out;
}

token_list read_detokenize(std::string_view body, const call_context& context) {
  const auto object = parse_object(body, context.opts.limit.json_depth);
  field_reader fields{object};
  const auto& model = find_model(context.opts, fields.string("model").value_or("default"));
  const auto vocabulary = model.vocabulary;
  const auto* tokens = fields.find("tokens");
  if (tokens == nullptr)
    refuse("tokens", "tokens is missing");
  if (!tokens->is_array())
    refuse_type("tokens", "a list of token ids", *tokens);
  fields.finish();
  token_list out{read_token_ids(tokens->get_array(), "tokens"), model.base()};
  for (std::size_t i = 0; i < out.tokens.size(); ++i)
    if (vocabulary != 0 && static_cast<std::size_t>(out.tokens[i]) >= vocabulary) {
      const auto path = "tokens[" + std::to_string(i) + "]";
      refuse(path,
        path + " must be between 0 and " + std::to_string(vocabulary - 1) + ", got " + std::to_string(out.tokens[i]));
    }
  return out;
}

std::string prompt_body(std::string_view text) {
  std::string out;
  json_writer w{out};
  w.begin_object().field("prompt", text).end_object();
  return out;
}

text_or_ids read_text_or_ids(const json::value& value, const std::string& path, const std::string& field) {
  if (value.is_string()) {
    if (value.get_string().empty())
      refuse(field, path + " must not be empty");
    return std::string{value.get_string()};
  }
  if (!value.is_array())
    refuse_type(path, "a string or a list of token ids", value);
  if (value.get_array().empty())
    refuse(field, path + " must not be empty");
  return read_token_ids(value.get_array(), path);
}

void set_prompt(const json::value& value, const std::string& path, native_request& request) {
  auto read = read_text_or_ids(value, path, path.substr(0, path.find('[')));
  if (auto* text = std::get_if<std::string>(&read)) {
    request.form = prompt_form::text;
    request.prompt = std::move(*text);
  } else {
    request.form = prompt_form::tokens;
    request.prompt_tokens = std::get<std::vector<token_id>>(std::move(read));
  }
}

} // namespace troupe::http::api
