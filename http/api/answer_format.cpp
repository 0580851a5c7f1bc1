#include "http/api/answer_format.hpp"

#include "http/api/inference.hpp"
#include "http/api/openai_format.hpp"
#include "http/sse.hpp"

namespace troupe::http::api {

std::string_view finish_word(finish_reason reason) {
  return reason == finish_reason::length ? "length" : "stop";
}

void write_usage(json_writer& w, const token_usage& usage) {
  w.begin_object().field("prompt_tokens", usage.prompt_tokens).field("completion_tokens", usage.completion_tokens);
  w.field("total_tokens", std::uint64_t{usage.prompt_tokens} + usage.completion_tokens).end_object();
}

void write_prompt_usage(json_writer& w, const token_usage& usage) {
  w.begin_object().field("prompt_tokens", usage.prompt_tokens).field("total_tokens", usage.prompt_tokens).end_object();
}

std::unique_ptr<answer_format> make_format(answer_style style) {
  switch (style.shape) {
  case answer_shape::inference:
    return make_inference_format(std::move(style));
  case answer_shape::completion:
    return make_completion_format(std::move(style));
  case answer_shape::chat:
    break;
  }
  return make_chat_format(std::move(style));
}

void answer_format::fail(const refusal& reason, std::string& out) {
  append_event(out, error_body(reason));
}

} // namespace troupe::http::api
