// A small blocking HTTP/1.1 client on plain sockets, for tests that talk to a real server.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::test {

struct http_response {
  int status = 0;
  /// Names in lower case; the last of several wins.
  std::map<std::string, std::string> headers;
  std::string body;
};

/// One connection to 127.0.0.1. Throws `std::runtime_error` when the server does not answer as HTTP asks, or not in
/// time.
class http_connection {
public:
  explicit http_connection(std::uint16_t port, std::chrono::seconds timeout = std::chrono::seconds{120});
  ~http_connection();
  http_connection(http_connection&& other) noexcept;
  http_connection(const http_connection&) = delete;
  http_connection& operator=(const http_connection&) = delete;

  void send(const std::string& bytes);
  void send_request(const std::string& method, const std::string& target, const std::string& body = {},
    const std::vector<std::string>& headers = {});
  http_response read_response(bool head_only = false);
  /// Reads a response's status line and fields and leaves its body.
  http_response read_head();
  /// The next chunk of a chunked body; nothing at its end.
  std::optional<std::string> read_chunk();
  /// Whether the server closes the connection within the time. Bytes that still come are dropped.
  bool closed_within(std::chrono::milliseconds time);
  /// Closes with a reset, as a client does that is killed.
  void reset();

private:
  bool fill();
  std::string read_line();
  std::string read_exactly(std::size_t count);

  int socket_ = -1;
  std::string buffer_;
};

/// One request on a connection of its own.
http_response request(std::uint16_t port, const std::string& method, const std::string& target,
  const std::string& body = {}, const std::vector<std::string>& headers = {});

/// The `data:` fields of a whole event stream, in order.
std::vector<std::string> event_data(const std::string& body);

} // namespace troupe::test
