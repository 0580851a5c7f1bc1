#include "http/api/json_scan.hpp"

namespace troupe::http::api {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// -1 for what is no hexadecimal digit.
int hex_value(char c) {
  if (is_digit(c))
    return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void append_utf8(std::string& out, std::uint32_t x) {
  const auto byte = [&](std::uint32_t b) { out += static_cast<char>(b); };
  const auto tail = [&](unsigned shift) { byte(0x80 | ((x >> shift) & 0x3F)); };
  if (x < 0x80) {
    byte(x);
  } else if (x < 0x800) {
    byte(0xC0 | (x >> 6));
    tail(0);
  } else if (x < 0x10000) {
    byte(0xE0 | (x >> 12));
    tail(6);
    tail(0);
  } else {
    byte(0xF0 | (x >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

char unescaped(char c) {
  switch (c) {
  case 'b':
    return '\b';
  case 'f':
    return '\f';
  case 'n':
    return '\n';
  case 'r':
    return '\r';
  case 't':
    return '\t';
  default:
    return c;
  }
}

constexpr std::uint32_t replacement = 0xFFFD;

} // namespace

json_byte json_scanner::step(char c) {
  if (in_string())
    return step_string(c);
  if (want_ == want::literal)
    return step_literal(c);
  return in_number() ? step_number(c) : step_structure(c);
}

json_byte json_scanner::step_structure(char c) {
  if (is_json_space(c))
    return json_byte::space;
  switch (want_) {
  case want::root:
    return c == '{' ? open(c) : json_byte::bad;
  case want::value_or_end:
    return c == ']' ? close(c) : begin_value(c);
  case want::value:
    return begin_value(c);
  case want::key_or_end:
    if (c == '}')
      return close(c);
    [[fallthrough]];
  case want::key:
    return c == '"' ? begin_string(true) : json_byte::bad;
  case want::colon:
    if (c != ':')
      return json_byte::bad;
    want_ = want::value;
    return json_byte::colon;
  case want::comma_or_end:
    if (c != ',')
      return close(c);
    want_ = open_.back() == '{' ? want::key : want::value;
    return json_byte::comma;
  default:
    return json_byte::bad;
  }
}

json_byte json_scanner::begin_value(char c) {
  if (c == '{' || c == '[')
    return open(c);
  if (c == '"')
    return begin_string(false);
  if (c == '-' || is_digit(c)) {
    want_ = c == '-' ? want::minus : c == '0' ? want::zero : want::digits;
    return json_byte::scalar;
  }
  if (c != 't' && c != 'f' && c != 'n')
    return json_byte::bad;
  literal_ = c == 't' ? "rue" : c == 'f' ? "alse" : "ull";
  want_ = want::literal;
  return json_byte::scalar;
}

json_byte json_scanner::open(char bracket) {
  if (open_.size() == max_scan_depth)
    return json_byte::bad;
  open_ += bracket;
  want_ = bracket == '{' ? want::key_or_end : want::value_or_end;
  return json_byte::open;
}

json_byte json_scanner::close(char bracket) {
  if (bracket != (open_.back() == '{' ? '}' : ']'))
    return json_byte::bad;
  open_.pop_back();
  want_ = open_.empty() ? want::nothing : want::comma_or_end;
  return json_byte::close;
}

json_byte json_scanner::begin_string(bool key) {
  in_key_ = key;
  want_ = want::string;
  return json_byte::quote_open;
}

json_byte json_scanner::step_string(char c) {
  if (want_ == want::hex) {
    if (hex_value(c) < 0)
      return json_byte::bad;
    if (--hex_left_ == 0)
      want_ = want::string;
    return json_byte::text;
  }
  if (want_ == want::escape) {
    if (std::string_view{"\"\\/bfnrtu"}.find(c) == std::string_view::npos)
      return json_byte::bad;
    hex_left_ = 4;
    want_ = c == 'u' ? want::hex : want::string;
    return json_byte::text;
  }
  if (static_cast<unsigned char>(c) < 0x20)
    return json_byte::bad;
  if (c == '"') {
    want_ = in_key_ ? want::colon : want::comma_or_end;
    return json_byte::quote_close;
  }
  if (c == '\\')
    want_ = want::escape;
  return json_byte::text;
}

json_byte json_scanner::step_literal(char c) {
  if (c != literal_.front())
    return json_byte::bad;
  literal_.remove_prefix(1);
  if (literal_.empty())
    want_ = want::comma_or_end;
  return json_byte::scalar;
}

json_byte json_scanner::step_number(char c) {
  const auto go = [&](want next) {
    want_ = next;
    return json_byte::scalar;
  };
  const bool exponent = c == 'e' || c == 'E';
  switch (want_) {
  case want::minus:
    return is_digit(c) ? go(c == '0' ? want::zero : want::digits) : json_byte::bad;
  case want::point:
    return is_digit(c) ? go(want::fraction) : json_byte::bad;
  case want::exponent:
    if (c == '+' || c == '-')
      return go(want::exponent_sign);
    [[fallthrough]];
  case want::exponent_sign:
    return is_digit(c) ? go(want::exponent_digits) : json_byte::bad;
  default:
    break;
  }
  if (is_digit(c) && want_ != want::zero)
    return json_byte::scalar;
  if (c == '.' && (want_ == want::zero || want_ == want::digits))
    return go(want::point);
  if (exponent && want_ != want::exponent_digits)
    return go(want::exponent);
  // The number ended one byte ago: this byte is what comes after a value, or nothing changes.
  const auto number = want_;
  want_ = want::comma_or_end;
  const auto what = step_structure(c);
  if (what == json_byte::bad)
    want_ = number;
  return what;
}

void string_decoder::step(char c, std::string& out) {
  if (hex_left_ > 0) {
    unit_ = unit_ * 16 + static_cast<std::uint32_t>(hex_value(c));
    if (--hex_left_ == 0)
      end_unit(out);
    return;
  }
  if (escape_) {
    escape_ = false;
    if (c == 'u') {
      unit_ = 0;
      hex_left_ = 4;
      return;
    }
    finish(out);
    out += unescaped(c);
    return;
  }
  escape_ = c == '\\';
  if (escape_)
    return;
  finish(out);
  out += c;
}

void string_decoder::end_unit(std::string& out) {
  const bool low = unit_ >= 0xDC00 && unit_ < 0xE000;
  if (low && high_ != 0) {
    append_utf8(out, 0x10000 + ((high_ - 0xD800) << 10) + (unit_ - 0xDC00));
    high_ = 0;
    return;
  }
  finish(out);
  if (unit_ >= 0xD800 && unit_ < 0xDC00)
    high_ = unit_;
  else
    append_utf8(out, low ? replacement : unit_);
}

void string_decoder::finish(std::string& out) {
  if (high_ != 0)
    append_utf8(out, replacement);
  high_ = 0;
}

} // namespace troupe::http::api
