// POST /v1/score: how likely given continuations of a prompt are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/api/answer_format.hpp"
#include "http/api/call.hpp"

namespace troupe::http::api {

/// Most continuations of one request.
inline constexpr std::size_t max_continuations = 128;

struct score_style {
  /// Each token is told with its logprob, beside the sum.
  bool logprobs = false;
  std::string request_id;
  std::string model;
  std::string fingerprint;
  std::int64_t created = 0;
};

struct score_call {
  native_request request;
  score_style style;
};

/// Reads `model`, `prompt` (a text, or token ids), `continuations` (a list of such), `logprobs`, `add_special_tokens`,
/// `priority` and `user`. Throws `request_error`.
score_call read_score(std::string_view body, const call_context& context);

/// `{"id": ..., "object": "score", "data": [{"index", "logprob", "tokens", "is_greedy"}, ...], "usage": ...}`
std::unique_ptr<answer_format> make_score_format(score_style style);

} // namespace troupe::http::api
