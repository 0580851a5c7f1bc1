// What the endpoints share that draw no text: /v1/embeddings and /v1/score.
#pragma once

#include "http/api/call.hpp"
#include "http/api/fields.hpp"
#include "http/options.hpp"

namespace troupe::http::api {

/// Reads `model`, `add_special_tokens`, `priority` and `user`. Answers come from the cache unless `no-store` was sent:
/// nothing in them is drawn. Throws `request_error`.
const served_model& read_given_call(field_reader& fields, const call_context& context, native_request& request);

} // namespace troupe::http::api
