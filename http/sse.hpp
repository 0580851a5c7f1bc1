// Server-sent events, and HTTP chunks that hold them.
#pragma once

#include <string>
#include <string_view>

namespace troupe::http {

/// Appends one event. `data` is one line.
void append_event(std::string& out, std::string_view data);

/// A comment: tells proxies and clients that the stream lives.
inline constexpr std::string_view keep_alive_comment = ": keep-alive\n\n";

/// Wraps bytes in one HTTP chunk. `events` must not be empty: an empty chunk ends a body.
std::string chunk_of(std::string_view events);

/// Ends a chunked body.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

} // namespace troupe::http
