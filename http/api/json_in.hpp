// JSON from the wire, strictly.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string_view>

namespace troupe::http::api {

/// Reads one JSON text that is an object. Throws `request_error` (400) for what is not JSON by RFC 8259, and for
/// duplicate keys, numbers that no double can hold, invalid UTF-8, lone surrogates and nesting over `max_depth`.
boost::json::object parse_object(std::string_view text, std::size_t max_depth);

} // namespace troupe::http::api
