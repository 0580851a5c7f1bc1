#include "http/api/json_out.hpp"

#include <charconv>
#include <cmath>

namespace troupe::http::api {

namespace {

template <class Float>
void append_number(std::string& out, Float x) {
  char digits[64];
  const auto size = std::abs(x);
  const bool plain = size == 0 || (size >= Float(1e-9) && size < Float(1e15));
  const auto form = plain ? std::chars_format::fixed : std::chars_format::general;
  const auto end = std::to_chars(digits, digits + sizeof digits, x, form).ptr;
  out.append(digits, end);
}

bool continues(std::string_view text, std::size_t i) {
  return i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;
}

void append_escaped(std::string& out, unsigned char c) {
  static constexpr char hex[] = "0123456789abcdef";
  switch (c) {
  case '"':
    out += "\\\"";
    return;
  case '\\':
    out += "\\\\";
    return;
  case '\b':
    out += "\\b";
    return;
  case '\f':
    out += "\\f";
    return;
  case '\n':
    out += "\\n";
    return;
  case '\r':
    out += "\\r";
    return;
  case '\t':
    out += "\\t";
    return;
  default:
    break;
  }
  if (c < 0x20 || c == 0x7F) {
    out += "\\u00";
    out += hex[c >> 4];
    out += hex[c & 15];
  } else {
    out += static_cast<char>(c);
  }
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text.front());
    std::size_t taken = 1;
    if (c < 0x80) {
      append_escaped(out, c);
    } else if (const auto n = utf8_length(text); n != 0) {
      out.append(text.substr(0, n));
      taken = n;
    } else {
      out += "\xEF\xBF\xBD";
    }
    text.remove_prefix(taken);
  }
  out += '"';
}

} // namespace

std::size_t utf8_length(std::string_view text) {
  if (text.empty())
    return 0;
  const auto a = static_cast<unsigned char>(text[0]);
  const auto b = text.size() > 1 ? static_cast<unsigned char>(text[1]) : 0;
  if (a < 0x80)
    return 1;
  if (a >= 0xC2 && a <= 0xDF)
    return continues(text, 1) ? 2 : 0;
  if (a >= 0xE0 && a <= 0xEF) {
    const bool bad = !continues(text, 1) || !continues(text, 2) || (a == 0xE0 && b < 0xA0) || (a == 0xED && b >= 0xA0);
    return bad ? 0 : 3;
  }
  if (a >= 0xF0 && a <= 0xF4) {
    const bool bad = !continues(text, 1) || !continues(text, 2) || !continues(text, 3) || (a == 0xF0 && b < 0x90) ||
      (a == 0xF4 && b >= 0x90);
    return bad ? 0 : 4;
  }
  return 0;
}

std::string number_text(double x) {
  std::string out;
  append_number(out, x);
  return out;
}

void json_writer::separate() {
  if (comma_)
    out_ += ',';
  comma_ = true;
}

json_writer& json_writer::key(std::string_view name) {
  separate();
  append_string(out_, name);
  out_ += ':';
  comma_ = false;
  return *this;
}

json_writer& json_writer::open(char bracket) {
  separate();
  out_ += bracket;
  comma_ = false;
  return *this;
}

json_writer& json_writer::close(char bracket) {
  out_ += bracket;
  comma_ = true;
  return *this;
}

json_writer& json_writer::raw(std::string_view text) {
  separate();
  out_ += text;
  return *this;
}

json_writer& json_writer::value(std::string_view text) {
  separate();
  append_string(out_, text);
  return *this;
}

json_writer& json_writer::value(double x) {
  if (!std::isfinite(x))
    return null();
  separate();
  append_number(out_, x);
  return *this;
}

json_writer& json_writer::value(float x) {
  if (!std::isfinite(x))
    return null();
  separate();
  append_number(out_, x);
  return *this;
}

json_writer& json_writer::integer(std::int64_t x) {
  return raw(std::to_string(x));
}

json_writer& json_writer::natural(std::uint64_t x) {
  return raw(std::to_string(x));
}

} // namespace troupe::http::api
