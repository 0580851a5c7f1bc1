#include "actors/protocol/types.hpp"

namespace troupe {

std::size_t native_request::size() const {
  std::size_t bytes = sizeof(native_request) + request_id.size() + endpoint.size() + model.size() + adapter.size() +
    tenant.size() + prompt.size() + prompt_tokens.size() * sizeof(token_id);
  for (const auto& message : messages)
    bytes += sizeof(chat_message) + message.role.size() + message.content.size();
  for (const auto& text : params.stop)
    bytes += sizeof(std::string) + text.size();
  return bytes;
}

std::size_t finished_answer::size() const {
  std::size_t bytes = sizeof(finished_answer);
  for (const auto& one : choices) {
    bytes += sizeof(choice) + one.text.size();
    for (const auto& token : one.tokens)
      bytes += sizeof(token_logprob) + token.bytes.size();
  }
  return bytes;
}

} // namespace troupe
