// Parsed JSON, written again.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "http/api/json_out.hpp"

namespace troupe::http::api {

/// Writes a value as compact JSON, members in their order. Recursive: the value's depth must be bounded, as it is for
/// what `parse_object` gave.
void write_value(json_writer& to, const boost::json::value& value);

/// The same as a text.
std::string json_text(const boost::json::value& value);

} // namespace troupe::http::api
