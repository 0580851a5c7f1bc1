// POST /v1/chat/completions
#include "http/api/call.hpp"
#include "http/api/errors.hpp"
#include "http/api/json_in.hpp"
#include "http/api/messages.hpp"
#include "http/api/openai_common.hpp"
#include "http/api/structured.hpp"
#include "http/api/tool_definitions.hpp"
#include "http/api/tool_prompt.hpp"

namespace troupe::http::api {

namespace {

/// Streams of both OpenAI endpoints take the same options.
void read_stream_options(field_reader& fields, answer_style& style) {
  const auto* value = fields.find("stream_options");
  if (value == nullptr)
    return;
  if (!value->is_object())
    refuse_type("stream_options", "an object", *value);
  if (!style.stream)
    refuse("stream_options", "stream_options is only allowed where stream is true");
  field_reader inner{value->get_object(), "stream_options."};
  style.include_usage = inner.boolean("include_usage").value_or(false);
  style.usage_in_chunks = inner.boolean("continuous_usage_stats").value_or(false) && style.include_usage;
  if (inner.boolean("include_obfuscation").value_or(false))
    refuse_unsupported("stream_options.include_obfuscation");
  inner.finish();
}

/// Has the model see the tools, its answer held to a call where one is forced, and calls found in what it says.
void offer_tools(const tool_set& set, const served_model& model, call& c) {
  auto& r = c.request;
  if (model.calls == tool_format::none)
    explain_tools(set, r.messages);
  if (set.choice == tool_choice::none)
    return;
  if (model.calls != tool_format::none)
    r.tools = set.tools_json;
  auto& chat = c.style.chat;
  chat.format = forced_format(model.calls);
  chat.parallel_calls = set.parallel && set.choice != tool_choice::named;
  for (const auto& tool : set.tools)
    chat.tools.push_back(tool.name);
  // Some models mark their calls with special tokens.
  r.params.keep_special = model.calls == tool_format::mistral || model.calls == tool_format::llama3_json;
  if (!set.forced())
    return;
  if (r.params.grammar != text::grammar_kind::none)
    refuse("tool_choice", "tool_choice cannot force a call together with " + r.grammar_field);
  if (r.params.ignore_eos)
    refuse("ignore_eos", "ignore_eos cannot be true where tool_choice forces a call, which says where the answer ends");
  r.params.grammar = text::grammar_kind::lark;
  r.params.grammar_source = forced_calls_grammar(set, chat.format);
  r.grammar_field = "tools";
}

} // namespace

call read_openai_call(field_reader& fields, const call_context& context, answer_shape shape, std::uint32_t max_tokens) {
  const auto name = fields.string("model");
  if (!name)
    refuse("model", "model is missing; GET /v1/models lists what is served, and 'default' is the first");
  const auto& model = find_model(context.opts, *name);
  call c;
  auto& r = c.request;
  const sampling_defaults defaults{
    model.temperature, model.top_p, model.top_k, max_tokens, model.min_p, model.repetition_penalty};
  r.params = read_sampling(fields, defaults, model.context);
  read_openai_sampling(fields, r.params, model.context, shape == answer_shape::chat);
  read_structured(fields, r);
  r.request_id = context.request_id;
  address(r, model);
  r.priority = read_priority(fields);
  const bool repeatable = r.params.temperature == 0 || r.params.has_seed;
  r.cache = repeatable && !context.no_store ? cache_policy::use : cache_policy::bypass;
  c.style.shape = shape;
  c.style.stream = fields.boolean("stream").value_or(false);
  read_stream_options(fields, c.style);
  c.style.logprobs = r.params.logprobs;
  c.style.top_logprobs = r.params.top_logprobs;
  c.style.choices = r.params.choices;
  c.style.fingerprint = model.fingerprint;
  c.style.request_id = context.request_id;
  c.style.model = model.name;
  c.style.created = context.now;
  return c;
}

call read_chat(std::string_view body, const call_context& context) {
  const auto object = parse_object(body, context.opts.limit.json_depth);
  field_reader fields{object};
  auto c = read_openai_call(fields, context, answer_shape::chat, 0);
  c.request.endpoint = "/v1/chat/completions";
  const auto* messages = fields.find("messages");
  if (messages == nullptr)
    refuse("messages", "messages is missing");
  c.request.messages = read_messages(*messages, context.opts.limit.messages);
  const auto& model = find_model(context.opts, c.style.model);
  offer_tools(read_tools(fields), model, c);
  fields.finish();
  c.style.chat.thinks = model.thinks;
  c.style.chat.begins_in_thoughts = model.begins_in_thoughts;
  return c;
}

} // namespace troupe::http::api
