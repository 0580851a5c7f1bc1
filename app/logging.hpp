// Where log lines go.
#pragma once

#include <string>
#include <string_view>

#include "configs/config.hpp"
#include "http/audit.hpp"

namespace troupe::app {

/// Sends spdlog's lines to stderr, as text or as one JSON object per line.
void start_logging(const config::log_options& options);

/// Opens the audit log. Null where there is none. Throws `config_error` for a file that cannot be written.
http::audit_sink open_audit(const config::audit_options& options);

/// A text as the inside of a JSON string. Bytes that are no valid UTF-8 become U+FFFD.
std::string json_escaped(std::string_view text);

} // namespace troupe::app
