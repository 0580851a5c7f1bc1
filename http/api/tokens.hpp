// POST /tokenize and POST /detokenize: text as the model's tokens, and back.
#pragma once

#include <boost/json/array.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/api/call.hpp"

namespace troupe::http::api {

/// Reads `{"prompt": ..., "add_special_tokens": true}` or `{"messages": [...]}`, each with an optional `model`: what
/// the same request would be as a prompt. Throws `request_error`.
native_request read_tokenize(std::string_view body, const call_context& context);
/// `{"count": ..., "max_model_len": ..., "tokens": [...]}`
std::string tokens_body(const std::vector<token_id>& tokens, std::size_t context_length);

/// Reads `{"tokens": [...]}` with an optional `model`. Throws `request_error`.
token_list read_detokenize(std::string_view body, const call_context& context);
/// `{"prompt": ...}`
std::string prompt_body(std::string_view text);

/// The ids of a list; `path` names it in errors. Throws `request_error` for what is no token id.
std::vector<token_id> read_token_ids(const boost::json::array& list, const std::string& path);

/// What a prompt, or a part of one, is given as.
using text_or_ids = std::variant<std::string, std::vector<token_id>>;

/// Reads a text or token ids, not empty; `path` names them in errors, and `field` where there is nothing in them.
/// Throws `request_error`.
text_or_ids read_text_or_ids(const boost::json::value& value, const std::string& path, const std::string& field);

/// Takes a text or token ids, not empty, as the request's prompt; `path` names it in errors. Throws `request_error`.
void set_prompt(const boost::json::value& value, const std::string& path, native_request& request);

} // namespace troupe::http::api
