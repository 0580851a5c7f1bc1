#include "bench/url.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <stdexcept>

namespace troupe::bench {

namespace {

constexpr std::string_view scheme = "http://";

[[noreturn]] void refuse(std::string_view url, std::string_view why) {
  std::string text;
  // The line goes to a terminal: control characters are no part of it.
  for (const unsigned char c : url)
    text += c < 0x20 || c == 0x7F ? '?' : static_cast<char>(c);
  throw std::invalid_argument{"URL " + std::string{why} + ", got \"" + text + '"'};
}

bool starts_with_any_case(std::string_view text, std::string_view start) {
  return text.size() >= start.size() && std::equal(start.begin(), start.end(), text.begin(), [](char a, char b) {
    return a == std::tolower(static_cast<unsigned char>(b));
  });
}

void check_scheme_and_characters(std::string_view url) {
  if (starts_with_any_case(url, "https://"))
    refuse(url, "must begin with http:// (TLS is not supported)");
  if (!starts_with_any_case(url, scheme))
    refuse(url, "must begin with http://");
  // They would end up inside the request's head.
  if (std::any_of(url.begin(), url.end(), [](unsigned char c) { return c <= 0x20 || c >= 0x7F; }))
    refuse(url, "must be printable ASCII without spaces");
  if (url.find_first_of("?#") != std::string_view::npos)
    refuse(url, "must have no query and no fragment");
}

void read_port(server_url& out, std::string_view text, std::string_view url) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port < 1 || port > 65535)
    refuse(url, "must have a port between 1 and 65535");
  out.port = std::to_string(port);
}

/// Where the host in `authority` ends: at its port's colon, or at its end.
std::size_t host_end(std::string_view authority, std::string_view url) {
  if (!authority.starts_with('['))
    return std::min(authority.find(':'), authority.size());
  const std::size_t bracket = authority.find(']');
  if (bracket == std::string_view::npos || (bracket + 1 < authority.size() && authority[bracket + 1] != ':'))
    refuse(url, "must have an IPv6 address in brackets");
  return bracket + 1;
}

} // namespace

server_url parse_url(std::string_view url) {
  check_scheme_and_characters(url);
  const std::string_view rest = url.substr(scheme.size());
  const std::size_t path = std::min(rest.find('/'), rest.size());
  const std::string_view authority = rest.substr(0, path);
  if (authority.find('@') != std::string_view::npos)
    refuse(url, "must not name a user");

  server_url out{"", "80", std::string{authority}, std::string{rest.substr(path)}};
  const std::size_t end = host_end(authority, url);
  std::string_view host = authority.substr(0, end);
  if (host.starts_with('['))
    host = host.substr(1, host.size() - 2);
  if (host.empty())
    refuse(url, "must name a host");
  out.host = host;
  if (end < authority.size())
    read_port(out, authority.substr(end + 1), url);
  while (out.prefix.ends_with('/'))
    out.prefix.pop_back();
  return out;
}

} // namespace troupe::bench
