// A client for tests that writes bytes and reads answers strictly.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::http::test {

struct reply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  /// The chunks of a chunked body.
  std::vector<std::string> chunks;

  /// A field's value, its name in lower case; empty when it is not there.
  std::string field(std::string_view name) const;
  bool has(std::string_view name) const;
};

/// One TCP connection to 127.0.0.1. Every wait ends after some seconds.
class client {
public:
  /// A small `receive_buffer` makes a reader that is soon slow.
  explicit client(std::uint16_t port, int receive_buffer = 0);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  void send(std::string_view bytes);
  /// Says that nothing more will be sent.
  void half_close();
  /// Closes with a reset.
  void abort();

  /// The next answer. Nothing when the server closed without one. Throws `std::runtime_error` for bytes that are no
  /// answer, or when it takes too long.
  std::optional<reply> read(bool head_only = false);
  /// Whether the server closes within that time; what it sends before is kept.
  bool closed_within(std::chrono::milliseconds time);
  /// Bytes that were read and not used.
  const std::string& rest() const { return buffer_; }
  /// Waits until `text` has come and returns all up to and with it.
  std::string read_until(std::string_view text);

private:
  bool fill(std::chrono::milliseconds time);
  std::string read_bytes(std::size_t n);
  void read_chunks(reply& to);

  int socket_ = -1;
  bool eof_ = false;
  std::string buffer_;
};

std::string get(std::string_view path, std::string_view fields = {});
std::string post(std::string_view path, std::string_view body, std::string_view fields = {});

/// The data of the events of a stream.
std::vector<std::string> events_of(const std::string& body);

} // namespace troupe::http::test
