#include <bit>
#include <concepts>

#include "actors/protocol/types.hpp"

namespace troupe {

namespace {

/// Writes fields so that different requests never give the same bytes: numbers in a fixed width, texts and lists
/// behind their length.
class field_writer {
public:
  explicit field_writer(std::size_t expected) { bytes_.reserve(expected); }

  template <std::unsigned_integral T>
  void number(T x) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
      bytes_.push_back(static_cast<char>(static_cast<unsigned char>(x >> (8 * i))));
  }

  void real(float x) { number(std::bit_cast<std::uint32_t>(x)); }

  void text(const std::string& x) {
    number(std::uint64_t{x.size()});
    bytes_ += x;
  }

  std::string take() { return std::move(bytes_); }

private:
  std::string bytes_;
};

} // namespace

// Not in the key: what names or places a request (id, endpoint, client, rate, priority, timeout, cache policy), what
// was cut from it before (every sink counts its own), and a seed that the gateway drew.
std::string canonical(const native_request& request) {
  field_writer out{request.size()};
  out.number(static_cast<std::uint8_t>(request.kind));
  out.text(request.model);
  out.text(request.adapter);
  out.text(request.tenant);
  out.number(static_cast<std::uint8_t>(request.form));
  out.number(std::uint64_t{request.messages.size()});
  for (const auto& message : request.messages) {
    out.text(message.role);
    out.text(message.content);
    out.text(message.tool_calls);
    out.text(message.tool_call_id);
  }
  out.text(request.tools);
  out.text(request.prompt);
  out.number(static_cast<std::uint8_t>(request.add_special));
  out.number(std::uint64_t{request.prompt_tokens.size()});
  for (const auto token : request.prompt_tokens)
    out.number(static_cast<std::uint32_t>(token));
  out.number(std::uint64_t{request.continuations.size()});
  for (const auto& one : request.continuations) {
    out.text(one.text);
    out.number(std::uint64_t{one.tokens.size()});
    for (const auto token : one.tokens)
      out.number(static_cast<std::uint32_t>(token));
  }
  out.number(static_cast<std::uint8_t>(request.pool));
  out.number(request.trim_to_tokens);

  const auto& params = request.params;
  out.number(params.max_tokens);
  out.real(params.temperature);
  out.real(params.top_p);
  out.real(params.min_p);
  out.number(static_cast<std::uint32_t>(params.top_k));
  out.number(static_cast<std::uint8_t>(params.has_seed));
  out.number(params.has_seed ? params.seed : std::uint64_t{0});
  out.number(std::uint64_t{params.stop.size()});
  for (const auto& text : params.stop)
    out.text(text);
  out.number(static_cast<std::uint8_t>(params.ignore_eos));
  out.number(static_cast<std::uint8_t>(params.logprobs));
  out.number(params.top_logprobs);
  out.number(params.choices);
  out.real(params.presence_penalty);
  out.real(params.frequency_penalty);
  out.real(params.repetition_penalty);
  out.number(std::uint64_t{params.logit_bias.size()});
  for (const auto& [token, bias] : params.logit_bias) {
    out.number(static_cast<std::uint32_t>(token));
    out.real(bias);
  }
  out.number(static_cast<std::uint8_t>(params.echo));
  out.number(static_cast<std::uint8_t>(params.grammar));
  out.text(params.grammar_source);
  out.number(static_cast<std::uint8_t>(params.keep_special));
  return out.take();
}

} // namespace troupe
