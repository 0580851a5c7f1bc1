#include "tests/support/http_client.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::test {

namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error("http_connection: " + what + " (" + std::strerror(errno) + ")");
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

} // namespace

http_connection::http_connection(std::uint16_t port, std::chrono::seconds timeout) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0)
    fail("no socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(std::exchange(socket_, -1));
    fail("cannot connect to port " + std::to_string(port));
  }
  const timeval limit{timeout.count(), 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

http_connection::http_connection(http_connection&& other) noexcept
    : socket_{std::exchange(other.socket_, -1)},
      buffer_{std::move(other.buffer_)} {}

http_connection::~http_connection() {
  if (socket_ >= 0)
    ::close(socket_);
}

void http_connection::send(const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const auto count = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count < 0)
      fail("cannot send");
    sent += static_cast<std::size_t>(count);
  }
}

void http_connection::send_request(const std::string& method, const std::string& target, const std::string& body,
  const std::vector<std::string>& headers) {
  std::string head = method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  for (const auto& field : headers)
    head += field + "\r\n";
  if (!body.empty() || method == "POST")
    head += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  send(head + "\r\n" + body);
}

http_response http_connection::read_head() {
  http_response response;
  const auto status_line = read_line();
  if (status_line.rfind("HTTP/1.", 0) != 0 || status_line.size() < 12)
    throw std::runtime_error("http_connection: bad status line: " + status_line);
  response.status = std::stoi(status_line.substr(9, 3));
  for (auto line = read_line(); !line.empty(); line = read_line()) {
    const auto colon = line.find(':');
    if (colon == std::string::npos)
      throw std::runtime_error("http_connection: bad header line: " + line);
    const auto value = line.find_first_not_of(' ', colon + 1);
    response.headers[lower(line.substr(0, colon))] = value == std::string::npos ? "" : line.substr(value);
  }
  return response;
}

http_response http_connection::read_response(bool head_only) {
  auto response = read_head();
  if (head_only || response.status == 204)
    return response;
  if (response.headers.contains("transfer-encoding")) {
    while (const auto chunk = read_chunk())
      response.body += *chunk;
  } else if (response.headers.contains("content-length")) {
    response.body = read_exactly(std::stoul(response.headers.at("content-length")));
  } else {
    while (fill()) {
    }
    response.body = std::exchange(buffer_, {});
  }
  return response;
}

std::optional<std::string> http_connection::read_chunk() {
  const auto size = std::stoul(read_line(), nullptr, 16);
  auto chunk = read_exactly(size);
  read_line();
  if (size == 0)
    return std::nullopt;
  return chunk;
}

bool http_connection::closed_within(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd wait{socket_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) <= 0)
      return false;
    char scratch[4096];
    if (::recv(socket_, scratch, sizeof scratch, 0) <= 0)
      return true;
  }
}

void http_connection::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(std::exchange(socket_, -1));
}

bool http_connection::fill() {
  char bytes[16384];
  const auto count = ::recv(socket_, bytes, sizeof bytes, 0);
  if (count < 0)
    fail("no answer");
  buffer_.append(bytes, static_cast<std::size_t>(count));
  return count > 0;
}

std::string http_connection::read_line() {
  auto end = buffer_.find("\r\n");
  while (end == std::string::npos) {
    if (!fill())
      throw std::runtime_error("http_connection: closed inside a line: " + buffer_);
    end = buffer_.find("\r\n");
  }
  auto line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

std::string http_connection::read_exactly(std::size_t count) {
  while (buffer_.size() < count)
    if (!fill())
      throw std::runtime_error("http_connection: closed inside a body");
  auto bytes = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return bytes;
}

http_response request(std::uint16_t port, const std::string& method, const std::string& target, const std::string& body,
  const std::vector<std::string>& headers) {
  http_connection connection{port};
  connection.send_request(method, target, body, headers);
  return connection.read_response(method == "HEAD");
}

std::vector<std::string> event_data(const std::string& body) {
  std::vector<std::string> events;
  for (std::size_t at = 0; at < body.size();) {
    const auto end = std::min(body.find('\n', at), body.size());
    if (body.compare(at, 6, "data: ") == 0)
      events.push_back(body.substr(at + 6, end - at - 6));
    at = end + 1;
  }
  return events;
}

} // namespace troupe::test
