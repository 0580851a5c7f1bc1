// JSON to the wire: straight into a string, numbers as people write them.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::http::api {

/// Appends JSON to a string. Commas are its own business, nesting is the caller's. Text that is not UTF-8 comes out
/// with U+FFFD in place of the bad bytes, numbers that are not finite as null.
class json_writer {
public:
  explicit json_writer(std::string& out) : out_(out) {}

  json_writer& begin_object() { return open('{'); }
  json_writer& end_object() { return close('}'); }
  json_writer& begin_array() { return open('['); }
  json_writer& end_array() { return close(']'); }
  json_writer& key(std::string_view name);

  json_writer& value(std::string_view text);
  json_writer& value(const char* text) { return value(std::string_view{text}); }
  json_writer& value(const std::string& text) { return value(std::string_view{text}); }
  json_writer& value(std::same_as<bool> auto x) { return raw(x ? "true" : "false"); }
  json_writer& value(double x);
  json_writer& value(float x);
  json_writer& value(std::integral auto x) requires(!std::same_as<decltype(x), bool>) {
    if constexpr (std::signed_integral<decltype(x)>)
      return integer(static_cast<std::int64_t>(x));
    else
      return natural(static_cast<std::uint64_t>(x));
  }
  json_writer& null() { return raw("null"); }
  json_writer& string_or_null(std::string_view text) { return text.empty() ? null() : value(text); }

  template <class T>
  json_writer& field(std::string_view name, const T& x) {
    return key(name).value(x);
  }

private:
  json_writer& open(char bracket);
  json_writer& close(char bracket);
  json_writer& raw(std::string_view text);
  json_writer& integer(std::int64_t x);
  json_writer& natural(std::uint64_t x);
  void separate();

  std::string& out_;
  bool comma_ = false;
};

/// Length of the UTF-8 character that `text` begins with; 0 when it begins with none (overlong, surrogate, cut or
/// stray bytes).
std::size_t utf8_length(std::string_view text);

/// A number as people write it: shortest digits that read back the same, plain unless it is very large or small.
std::string number_text(double x);

} // namespace troupe::http::api
