// POST /v1/completions
#include <limits>

#include "http/api/call.hpp"
#include "http/api/errors.hpp"
#include "http/api/json_in.hpp"
#include "http/api/openai_common.hpp"

namespace troupe::http::api {

namespace json = boost::json;

namespace {

/// What OpenAI's API takes where nothing is said.
constexpr std::uint32_t default_max_tokens = 16;

std::vector<token_id> read_token_ids(const json::array& list) {
  std::vector<token_id> tokens;
  tokens.reserve(list.size());
  for (const auto& item : list) {
    const auto* id = item.if_int64();
    const auto path = "prompt[" + std::to_string(tokens.size()) + "]";
    if (id == nullptr)
      refuse_type(path, "a token id", item);
    if (*id < 0 || *id > std::numeric_limits<token_id>::max())
      refuse(path,
        path + " must be between 0 and " + std::to_string(std::numeric_limits<token_id>::max()) + ", got " +
          std::to_string(*id));
    tokens.push_back(static_cast<token_id>(*id));
  }
  return tokens;
}

/// One prompt: a string or token ids. A list that holds just one of these is that one.
void read_prompt(const json::value& value, native_request& request, bool nested) {
  if (value.is_string()) {
    if (value.get_string().empty())
      refuse("prompt", "prompt must not be empty");
    request.form = prompt_form::text;
    request.prompt = std::string{value.get_string()};
    return;
  }
  if (!value.is_array())
    refuse_type("prompt", "a string or a list of token ids", value);
  const auto& list = value.get_array();
  if (list.empty())
    refuse("prompt", "prompt must not be empty");
  if (!nested && (list.front().is_string() || list.front().is_array())) {
    if (list.size() > 1)
      refuse("prompt",
        "prompt must be one prompt, got a list of " + std::to_string(list.size()) +
          ": several in one request are not supported",
        "unsupported_parameter");
    return read_prompt(list.front(), request, true);
  }
  request.form = prompt_form::tokens;
  request.prompt_tokens = read_token_ids(list);
}

} // namespace

call read_completion(std::string_view body, const call_context& context) {
  const auto object = parse_object(body, context.opts.limit.json_depth);
  field_reader fields{object};
  auto c = read_openai_call(fields, context, answer_shape::completion, default_max_tokens);
  c.request.endpoint = "/v1/completions";
  const auto* prompt = fields.find("prompt");
  if (prompt == nullptr)
    refuse("prompt", "prompt is missing");
  read_prompt(*prompt, c.request, false);
  fields.finish();
  return c;
}

} // namespace troupe::http::api
