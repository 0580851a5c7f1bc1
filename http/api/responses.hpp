// POST /v1/responses, for text.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/api/call.hpp"

namespace troupe::http::api {

/// Most pairs of a request's metadata, and bytes of a key and of a value.
inline constexpr std::size_t max_metadata = 16;
inline constexpr std::size_t max_metadata_key_bytes = 64;
inline constexpr std::size_t max_metadata_value_bytes = 512;

/// What a response says of the request that it answers.
struct responses_style {
  bool stream = false;
  std::string request_id;
  std::string model;
  std::int64_t created = 0;
  std::optional<std::string> instructions;
  std::optional<std::uint32_t> max_output_tokens;
  float temperature = 1;
  float top_p = 1;
  std::optional<std::string> user;
  boost::json::object metadata;
};

struct responses_call {
  native_request request;
  responses_style style;
};

/// Reads the endpoint's body: `model`, `input` (a string, or messages of text), `instructions`, `max_output_tokens`,
/// `temperature`, `top_p`, `stream`, `user`, `metadata`. Nothing is stored, so `store` must be false or absent, and
/// what refers to stored responses is refused, as is all that is not text. Throws `request_error`.
responses_call read_responses(std::string_view body, const call_context& context);

} // namespace troupe::http::api
