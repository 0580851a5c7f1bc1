// From a head that was checked to its parts.
#pragma once

#include <optional>
#include <string_view>

#include "http/request.hpp"

namespace troupe::http {

/// Parses a head that `check_head` let through. Nothing when the parser still finds a fault.
std::optional<request> parse_head(std::string_view head);

/// Undoes percent-encoding. Nothing for `%` without two hex digits, and for what would hold a NUL.
std::optional<std::string> percent_decoded(std::string_view text);

} // namespace troupe::http
