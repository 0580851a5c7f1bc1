// The raw head of a request, checked before a parser acts on it.
//
// Parsers are lenient in different places, and where two of them read one message differently, a request can be
// smuggled past the first. So everything that frames a message is looked at here, once, and what is not exactly as
// RFC 9112 wants it is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "http/options.hpp"

namespace troupe::http {

/// Why bytes are not a request. The connection closes after it was told: its framing cannot be trusted.
struct wire_error {
  int status = 400;
  std::string message;
};

/// Looks for the end of a head in bytes that are still coming in.
struct head_scan {
  /// Size of the head, its empty line counted in.
  std::optional<std::size_t> size;
  std::optional<wire_error> error;
};

/// Scans from `from` on, where an earlier call stopped (0 at first). Refuses at once what no later byte can mend: a
/// line that ends in LF alone, and sizes over the limits.
head_scan scan_head(std::string_view bytes, std::size_t from, const limits& limit);

enum class body_framing : std::uint8_t { none, length, chunked };

/// What a head says about its message.
struct head_facts {
  body_framing framing = body_framing::none;
  /// Bytes of the body when framed by length.
  std::uint64_t length = 0;
  /// Whether the client keeps the connection.
  bool keep_alive = true;
  bool expects_continue = false;
  /// HTTP/1.`minor`.
  int minor = 1;
};

/// Checks a whole head, its empty line counted in.
std::variant<head_facts, wire_error> check_head(std::string_view head, const limits& limit);

/// Checks one header or trailer line without its CRLF. Nothing when it holds.
std::optional<wire_error> check_field_line(std::string_view line);

/// Whether a byte may stand in a method or a field's name.
bool is_token_char(unsigned char c);

} // namespace troupe::http
