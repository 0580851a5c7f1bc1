// A request for text, read and checked: what the company is told, and how its answer will look.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actors/protocol/types.hpp"
#include "http/api/tool_format.hpp"
#include "http/options.hpp"

namespace troupe::http::api {

/// What is known of a request beside its body.
struct call_context {
  const options& opts;
  std::string request_id;
  /// Unix time in seconds.
  std::int64_t now = 0;
  /// `Cache-Control: no-store` was sent.
  bool no_store = false;
};

enum class answer_shape : std::uint8_t { chat, completion, inference };

/// What an assistant's text may hold beside content.
struct chat_style {
  /// The tools that may be called; empty for none.
  std::vector<std::string> tools;
  tool_format format = tool_format::none;
  /// Calls after the first are told, too.
  bool parallel_calls = true;
  /// Thoughts are told apart.
  bool thinks = false;
  /// The template has opened them already.
  bool begins_in_thoughts = false;
};

/// How an answer is written.
struct answer_style {
  answer_shape shape = answer_shape::chat;
  bool stream = false;
  /// A stream ends with a chunk of usage.
  bool include_usage = false;
  /// Every chunk of text has the usage so far.
  bool usage_in_chunks = false;
  bool logprobs = false;
  std::uint32_t top_logprobs = 0;
  /// Choices of all prompts together.
  std::uint32_t choices = 1;
  chat_style chat;
  std::string request_id;
  std::string model;
  /// `system_fingerprint`; empty for none.
  std::string fingerprint;
  std::int64_t created = 0;
};

struct call {
  native_request request;
  /// The further prompts of a list. Each one's choices follow those of the one before.
  std::vector<native_request> others;
  answer_style style;
};

/// Read one endpoint's body. Throw `request_error` for what does not hold.
call read_chat(std::string_view body, const call_context& context);
call read_completion(std::string_view body, const call_context& context);
call read_inference(std::string_view body, const call_context& context);

} // namespace troupe::http::api
