// What the endpoints share that draw no text: /v1/embeddings and /v1/score.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "http/api/call.hpp"
#include "http/api/fields.hpp"
#include "http/options.hpp"

namespace troupe::http::api {

/// Reads `model`, `add_special_tokens`, `priority` and `user`. Answers come from the cache unless `no-store` was sent:
/// nothing in them is drawn. Throws `request_error`.
const served_model& read_given_call(field_reader& fields, const call_context& context, native_request& request);

/// Takes a text or token ids, not empty, as the request's prompt; `path` names it in errors. Throws `request_error`.
void set_given_prompt(const boost::json::value& value, const std::string& path, native_request& request);

} // namespace troupe::http::api
