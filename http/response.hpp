// Answers, and their heads on the wire.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/protocol/types.hpp"
#include "http/api/errors.hpp"
#include "http/options.hpp"

namespace troupe::http {

struct response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  /// Fields beside those that every answer has.
  std::vector<std::pair<std::string, std::string>> fields;
  /// An error's word, as its body has it; for the audit log.
  std::string code = {};
};

/// An error in OpenAI's shape, with Retry-After where it is known.
response error_response(const api::refusal& reason);

enum class answer_framing : std::uint8_t { length, chunked, close, none };

/// What a key has left, as OpenAI's `x-ratelimit-*` fields. Of a limit that there is not, nothing.
void add_rate_fields(response& answer, const answer_admitted& left);

/// What a head needs to know beside its answer.
struct head_context {
  int minor = 1;
  bool keep_alive = true;
  answer_framing framing = answer_framing::length;
  std::string_view request_id;
  /// Unix time in seconds, for `Date`.
  std::int64_t now = 0;
  /// Since the request's head was there.
  std::chrono::nanoseconds elapsed{0};
  /// The request's `Origin`; empty for none.
  std::string_view origin;
};

/// The head, its empty line counted in.
std::string head_text(const response& answer, const head_context& context, const options& opts);

/// The fields that a CORS preflight asks for.
void add_preflight_fields(response& answer, std::string_view methods);

} // namespace troupe::http
