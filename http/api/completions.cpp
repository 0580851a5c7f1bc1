// POST /v1/completions
#include "http/api/call.hpp"
#include "http/api/errors.hpp"
#include "http/api/json_in.hpp"
#include "http/api/openai_common.hpp"
#include "http/api/tokens.hpp"

namespace troupe::http::api {

namespace json = boost::json;

namespace {

/// What OpenAI's API takes where nothing is said.
constexpr std::uint32_t completion_max_tokens = 16;
constexpr std::size_t max_choices_of_prompts = 512;

/// A string, token ids, or a list of such prompts, each of which becomes a request of its own.
void read_prompts(const json::value& value, std::size_t most, call& c) {
  const auto* list = value.if_array();
  if (list == nullptr || list->empty() || !(list->front().is_string() || list->front().is_array())) {
    set_prompt(value, "prompt", c.request);
    return;
  }
  if (list->size() > most)
    refuse(
      "prompt", "prompt must have at most " + std::to_string(most) + " prompts, got " + std::to_string(list->size()));
  if (list->size() * c.request.params.choices > max_choices_of_prompts)
    refuse("n",
      "n times the prompts must be at most " + std::to_string(max_choices_of_prompts) + ", got " +
        std::to_string(c.request.params.choices) + " x " + std::to_string(list->size()));
  for (std::size_t i = 1; i < list->size(); ++i) {
    c.others.push_back(c.request);
    set_prompt((*list)[i], "prompt[" + std::to_string(i) + "]", c.others.back());
  }
  set_prompt(list->front(), "prompt[0]", c.request);
  c.style.choices *= static_cast<std::uint32_t>(list->size());
}

} // namespace

call read_completion(std::string_view body, const call_context& context) {
  const auto object = parse_object(body, context.opts.limit.json_depth);
  field_reader fields{object};
  auto c = read_openai_call(fields, context, answer_shape::completion, completion_max_tokens);
  c.request.endpoint = "/v1/completions";
  const auto* prompt = fields.find("prompt");
  if (prompt == nullptr)
    refuse("prompt", "prompt is missing");
  read_prompts(*prompt, context.opts.limit.prompts, c);
  fields.finish();
  return c;
}

} // namespace troupe::http::api
