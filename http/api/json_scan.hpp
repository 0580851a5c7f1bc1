// JSON that arrives byte by byte: where it is, where it ends, and whether it holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::http::api {

/// Deepest nesting of objects and arrays that a scan follows.
inline constexpr std::size_t max_scan_depth = 64;

/// What one byte is.
enum class json_byte : std::uint8_t { bad, space, open, close, colon, comma, quote_open, quote_close, text, scalar };

/// Follows one JSON object by RFC 8259, one byte at a time, keeping nothing of it. Constant time a byte, no recursion,
/// at most `max_scan_depth` levels. UTF-8 is not checked. Not thread safe.
class json_scanner {
public:
  /// Says what the byte is. After `bad` the scanner stands where it stood before, so that its state can still be asked.
  json_byte step(char c);

  /// Levels that are open after the last byte.
  std::size_t depth() const { return open_.size(); }
  /// Whether the string that the last byte belongs to is a member's name.
  bool in_key() const { return in_key_; }
  /// Whether the object has its last bracket.
  bool done() const { return want_ == want::nothing; }

private:
  /// What may come next.
  enum class want : std::uint8_t {
    root,
    value,
    value_or_end,
    key,
    key_or_end,
    colon,
    comma_or_end,
    string,
    escape,
    hex,
    literal,
    minus,
    zero,
    digits,
    point,
    fraction,
    exponent,
    exponent_sign,
    exponent_digits,
    nothing
  };

  json_byte step_structure(char c);
  json_byte step_string(char c);
  json_byte step_literal(char c);
  json_byte step_number(char c);
  json_byte begin_value(char c);
  json_byte open(char bracket);
  json_byte close(char bracket);
  json_byte begin_string(bool key);
  bool in_string() const { return want_ >= want::string && want_ <= want::hex; }
  bool in_number() const { return want_ >= want::minus && want_ <= want::exponent_digits; }

  want want_ = want::root;
  /// One bracket for each open level.
  std::string open_;
  /// What must still come of `true`, `false` or `null`.
  std::string_view literal_;
  std::uint8_t hex_left_ = 0;
  bool in_key_ = false;
};

/// Undoes the escapes of a JSON string whose bytes arrive one by one. The bytes must have passed a `json_scanner`.
class string_decoder {
public:
  /// Appends what the byte, with those before it, stands for. Half of a surrogate pair that has no other half becomes
  /// U+FFFD.
  void step(char c, std::string& out);
  /// The string is at its end: what was held for a second half goes out.
  void finish(std::string& out);

private:
  void end_unit(std::string& out);

  bool escape_ = false;
  std::uint8_t hex_left_ = 0;
  std::uint32_t unit_ = 0;
  std::uint32_t high_ = 0;
};

/// Whether JSON allows the byte between tokens.
constexpr bool is_json_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

} // namespace troupe::http::api
