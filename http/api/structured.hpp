// What an answer must match: `response_format`, `structured_outputs`, and the `guided_` fields.
#pragma once

#include "actors/protocol/types.hpp"
#include "http/api/fields.hpp"

namespace troupe::http::api {

/// Reads the fields that hold an answer to a grammar into the request; at most one of them may ask for one.
///   response_format     {"type": "text" | "json_object" | "json_schema", "json_schema": {"name", "schema", ...}}
///   structured_outputs  {"json" | "regex" | "choice" | "grammar" | "json_object": ...}
///   guided_json, guided_regex, guided_choice, guided_grammar
/// Whether the grammar itself holds is found out later. Throws `request_error`.
void read_structured(field_reader& fields, native_request& request);

} // namespace troupe::http::api
