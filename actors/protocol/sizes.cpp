#include "actors/protocol/types.hpp"

namespace troupe {

std::size_t native_request::size() const {
  std::size_t bytes = sizeof(native_request) + request_id.size() + endpoint.size() + model.size() + adapter.size() +
    tenant.size() + client.size() + rate.key.size() + tools.size() + prompt.size() +
    prompt_tokens.size() * sizeof(token_id);
  for (const auto& message : messages)
    bytes += sizeof(chat_message) + message.role.size() + message.content.size() + message.tool_calls.size() +
      message.tool_call_id.size();
  for (const auto& one : continuations)
    bytes += sizeof(continuation) + one.text.size() + one.tokens.size() * sizeof(token_id);
  for (const auto& text : params.stop)
    bytes += sizeof(std::string) + text.size();
  return bytes + params.logit_bias.size() * sizeof(engine::token_bias) + params.grammar_source.size() +
    grammar_field.size();
}

std::size_t finished_answer::size() const {
  std::size_t bytes = sizeof(finished_answer);
  for (const auto& one : choices) {
    bytes += sizeof(choice) + one.text.size() + one.embedding.size() * sizeof(std::uint32_t);
    for (const auto& token : one.tokens) {
      bytes += sizeof(token_logprob) + token.bytes.size();
      for (const auto& other : token.top)
        bytes += sizeof(token_choice) + other.bytes.size();
    }
  }
  return bytes;
}

} // namespace troupe
