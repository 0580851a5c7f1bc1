// POST /api/v1/inference
#include <algorithm>

#include "http/api/call.hpp"
#include "http/api/errors.hpp"
#include "http/api/inference.hpp"
#include "http/api/json_in.hpp"
#include "http/api/messages.hpp"
#include "http/api/sampling.hpp"

namespace troupe::http::api {

namespace {

constexpr std::uint32_t inference_max_tokens = 256;

std::string read_input(field_reader& fields) {
  auto input = fields.string("user_input");
  if (!input)
    refuse("user_input", "user_input is missing");
  if (input->empty())
    refuse("user_input", "user_input must not be empty");
  return std::move(*input);
}

} // namespace

std::uint32_t cut_history(std::vector<chat_message>& history, std::size_t window) {
  const auto is_system = [](const chat_message& m) { return m.role == "system"; };
  const auto first = history.begin() + (!history.empty() && is_system(history.front()) ? 1 : 0);
  const auto kept = static_cast<std::size_t>(history.end() - first);
  if (kept <= window)
    return 0;
  const auto cut = kept - window;
  history.erase(first, first + static_cast<std::ptrdiff_t>(cut));
  return static_cast<std::uint32_t>(cut);
}

call read_inference(std::string_view body, const call_context& context) {
  const auto object = parse_object(body, context.opts.limit.json_depth);
  field_reader fields{object};
  call c;
  auto& r = c.request;
  auto input = read_input(fields);
  if (const auto* history = fields.find("conversation_history"); history != nullptr)
    r.messages = read_history(*history, context.opts.limit.messages);
  const auto& model = find_model(context.opts, fields.string("model").value_or("default"));
  r.params = read_sampling(fields, {0, 1, 0, inference_max_tokens}, model.context);
  r.priority = read_priority(fields);
  const bool use_cache = fields.boolean("use_cache").value_or(true);
  c.style.stream = fields.boolean("stream").value_or(false);
  fields.finish();

  r.trimmed_messages = cut_history(r.messages, context.opts.context_window);
  r.messages.push_back({"user", std::move(input)});
  r.request_id = context.request_id;
  r.endpoint = "/api/v1/inference";
  address(r, model);
  r.trim_to_tokens = static_cast<std::uint32_t>(context.opts.max_context_length);
  r.cache = use_cache && !context.no_store ? cache_policy::use : cache_policy::bypass;
  c.style.shape = answer_shape::inference;
  c.style.request_id = context.request_id;
  c.style.model = model.name;
  c.style.created = context.now;
  return c;
}

} // namespace troupe::http::api
