// Calls and their results, as a conversation brings them back.
#pragma once

#include <string>
#include <string_view>

#include "http/api/fields.hpp"

namespace troupe::http::api {

/// Most calls of one message.
inline constexpr std::size_t max_calls = 128;

/// Reads an assistant message's `tool_calls` into the array that chat templates of Hugging Face's kind expect:
/// `[{"id":"call_1","type":"function","function":{"name":"f","arguments":{...}}}]`. Arguments, on the wire a string,
/// are the object that the string holds, with its text as it was; an empty string is `{}`. Returns an empty text where
/// there are no calls. Throws `request_error` for what does not hold, and for arguments that are no JSON object.
std::string read_tool_calls(field_reader& message);

/// Reads which call a tool message answers. Throws `request_error` where it says none.
std::string read_tool_call_id(field_reader& message);

} // namespace troupe::http::api
