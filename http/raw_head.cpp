#include "http/raw_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "http/request.hpp"

namespace troupe::http {

namespace {

constexpr std::array<std::string_view, 9> known_methods{
  "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"};

std::string in_quotes(std::string_view text) {
  return "'" + std::string{text.substr(0, 60)} + "'";
}

/// What has been gathered while going through the fields.
struct framing_fields {
  std::size_t hosts = 0;
  std::size_t lengths = 0;
  std::size_t encodings = 0;
  std::string_view length;
  std::string_view encoding;
  std::string_view expect;
  bool close = false;
  bool keep = false;
};

std::optional<wire_error> check_target(std::string_view method, std::string_view target, const limits& limit) {
  if (target.size() > limit.url_bytes)
    return wire_error{414,
      "the URL has " + std::to_string(target.size()) + " bytes, at most " + std::to_string(limit.url_bytes) +
        " are allowed"};
  for (unsigned char c : target)
    if (c <= 0x20 || c >= 0x7F)
      return wire_error{400, "the request target holds a byte that must be percent-encoded"};
  const bool absolute = target.starts_with("http://") || target.starts_with("https://");
  if (target.starts_with('/') || absolute || (target == "*" && method == "OPTIONS"))
    return {};
  return wire_error{400, "the request target " + in_quotes(target) + " is neither a path nor a URL"};
}

std::optional<wire_error> check_version(std::string_view version, int& minor) {
  if (version == "HTTP/1.1" || version == "HTTP/1.0") {
    minor = version.back() - '0';
    return {};
  }
  const auto digit = [&](std::size_t i) { return version[i] >= '0' && version[i] <= '9'; };
  if (version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.' && digit(5) && digit(7))
    return wire_error{505, "HTTP/1.1 and HTTP/1.0 are spoken here, got " + in_quotes(version)};
  return wire_error{400, "the request line does not end in an HTTP version"};
}

std::optional<wire_error> check_request_line(std::string_view line, const limits& limit, int& minor) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return wire_error{400, "the request line must be a method, a target and a version"};
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  if (method.empty() || !std::all_of(method.begin(), method.end(), is_token_char))
    return wire_error{400, "the method is not a word"};
  if (auto error = check_version(line.substr(last + 1), minor))
    return error;
  if (std::find(known_methods.begin(), known_methods.end(), method) == known_methods.end())
    return wire_error{501, "the method " + in_quotes(method) + " is not known here"};
  return check_target(method, target, limit);
}

void note_connection(std::string_view value, framing_fields& found) {
  while (!value.empty()) {
    const auto comma = std::min(value.find(','), value.size());
    const auto word = trim_blanks(value.substr(0, comma));
    found.close |= same_word(word, "close");
    found.keep |= same_word(word, "keep-alive");
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
}

/// A host as it may stand in a URL's authority.
bool holds_as_host(std::string_view host) {
  return std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return c > 0x20 && c < 0x7F &&
      std::string_view{"\"#,/<>?@\\^`{|}"}.find(static_cast<char>(c)) == std::string_view::npos;
  });
}

std::optional<wire_error> note_field(std::string_view line, framing_fields& found) {
  const auto colon = line.find(':');
  const auto name = line.substr(0, colon);
  const auto value = trim_blanks(line.substr(colon + 1));
  if (same_word(name, "host")) {
    ++found.hosts;
    if (!holds_as_host(value))
      return wire_error{400, "the Host field does not hold a host"};
  } else if (same_word(name, "content-length")) {
    ++found.lengths;
    found.length = value;
  } else if (same_word(name, "transfer-encoding")) {
    ++found.encodings;
    found.encoding = value;
  } else if (same_word(name, "connection")) {
    note_connection(value, found);
  } else if (same_word(name, "expect")) {
    found.expect = value;
  }
  return {};
}

std::optional<wire_error> frame_by_length(std::string_view value, const limits& limit, head_facts& facts) {
  const bool digits =
    !value.empty() && std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits)
    return wire_error{400, "Content-Length must be a number, got " + in_quotes(value)};
  const auto read = std::from_chars(value.data(), value.data() + value.size(), facts.length);
  if (read.ec != std::errc{} || facts.length > limit.body_bytes)
    return wire_error{413,
      "the body has " + std::string{value.substr(0, 24)} + " bytes, at most " + std::to_string(limit.body_bytes) +
        " are allowed"};
  facts.framing = facts.length == 0 ? body_framing::none : body_framing::length;
  return {};
}

std::optional<wire_error> frame_by_encoding(const framing_fields& found, head_facts& facts) {
  if (found.lengths != 0)
    return wire_error{400, "Transfer-Encoding and Content-Length exclude each other"};
  if (facts.minor == 0)
    return wire_error{400, "HTTP/1.0 knows no Transfer-Encoding"};
  if (found.encodings > 1)
    return wire_error{400, "Transfer-Encoding may stand once"};
  if (!same_word(found.encoding, "chunked"))
    return wire_error{501, "the only Transfer-Encoding known here is chunked, got " + in_quotes(found.encoding)};
  facts.framing = body_framing::chunked;
  return {};
}

std::optional<wire_error> decide_framing(const framing_fields& found, const limits& limit, head_facts& facts) {
  if (found.hosts > 1 || (found.hosts == 0 && facts.minor == 1))
    return wire_error{400, "there must be one Host field, got " + std::to_string(found.hosts)};
  if (found.lengths > 1)
    return wire_error{400, "Content-Length may stand once, got " + std::to_string(found.lengths)};
  if (found.encodings != 0) {
    if (auto error = frame_by_encoding(found, facts))
      return error;
  } else if (found.lengths != 0) {
    if (auto error = frame_by_length(found.length, limit, facts))
      return error;
  }
  if (!found.expect.empty() && !same_word(found.expect, "100-continue"))
    return wire_error{417, "the only expectation met here is 100-continue, got " + in_quotes(found.expect)};
  facts.expects_continue = !found.expect.empty() && facts.minor == 1 && facts.framing != body_framing::none;
  facts.keep_alive = !found.close && (facts.minor == 1 || found.keep);
  return {};
}

} // namespace

bool is_token_char(unsigned char c) {
  static constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
    (c != 0 && others.find(static_cast<char>(c)) != std::string_view::npos);
}

std::optional<wire_error> check_field_line(std::string_view line) {
  if (line.starts_with(' ') || line.starts_with('\t'))
    return wire_error{400, "a header line begins with a blank (folded lines are not allowed)"};
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0)
    return wire_error{400, "a header line has no name or no colon"};
  const auto name = line.substr(0, colon);
  if (!std::all_of(name.begin(), name.end(), is_token_char))
    return wire_error{400, "a header's name holds a byte that is not allowed there"};
  for (unsigned char c : line.substr(colon + 1))
    if ((c < 0x20 && c != '\t') || c == 0x7F)
      return wire_error{400, "the value of the header " + in_quotes(name) + " holds a control byte"};
  return {};
}

head_scan scan_head(std::string_view bytes, std::size_t from, const limits& limit) {
  if (!bytes.empty() && from == 0 && !is_token_char(static_cast<unsigned char>(bytes.front())))
    return {{}, wire_error{400, "the first byte does not begin an HTTP request"}};
  head_scan scan;
  for (auto i = from; i < bytes.size() && !scan.size; ++i) {
    if (bytes[i] != '\n')
      continue;
    if (i == 0 || bytes[i - 1] != '\r')
      return {{}, wire_error{400, "a line ends in LF without CR"}};
    if (i >= 3 && bytes[i - 2] == '\n' && bytes[i - 3] == '\r')
      scan.size = i + 1;
  }
  const auto size = scan.size.value_or(bytes.size());
  auto line = std::min(bytes.find("\r\n"), size);
  // A CR whose LF is still on its way is no part of the line.
  if (line == bytes.size() && bytes.ends_with('\r'))
    --line;
  // The request line's method and version need some bytes beside the URL.
  if (line > limit.url_bytes + 32)
    return {{}, wire_error{414, "the URL is longer than " + std::to_string(limit.url_bytes) + " bytes"}};
  if (size > limit.header_bytes)
    return {{}, wire_error{431, "the head is longer than " + std::to_string(limit.header_bytes) + " bytes"}};
  return scan;
}

std::variant<head_facts, wire_error> check_head(std::string_view head, const limits& limit) {
  head_facts facts;
  framing_fields found;
  std::size_t count = 0;
  auto rest = head.substr(0, head.size() - 2);
  auto line_end = rest.find("\r\n");
  if (auto error = check_request_line(rest.substr(0, line_end), limit, facts.minor))
    return *error;
  rest.remove_prefix(line_end + 2);
  for (; !rest.empty(); rest.remove_prefix(line_end + 2)) {
    line_end = rest.find("\r\n");
    const auto line = rest.substr(0, line_end);
    if (++count > limit.header_count)
      return wire_error{431, "there are more than " + std::to_string(limit.header_count) + " header fields"};
    if (auto error = check_field_line(line))
      return *error;
    if (auto error = note_field(line, found))
      return *error;
  }
  if (auto error = decide_framing(found, limit, facts))
    return *error;
  return facts;
}

} // namespace troupe::http
