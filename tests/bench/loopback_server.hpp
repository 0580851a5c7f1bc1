// A tiny HTTP server on loopback, which does to a client whatever a test wants.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace troupe::test {

/// A request as it came. Header names are in lower case.
struct seen_request {
  std::string head;
  std::string path;
  std::string body;
};

/// What a server does with a request: sends each piece as it is, at once, with a moment between two.
struct scripted_reply {
  std::vector<std::string> pieces;
  /// What follows: the next request, the connection's end, or nothing for ever.
  enum class ending { keep, close, hang } then = ending::keep;
};

/// A 200 with a JSON body, or another status.
scripted_reply json_reply(const std::string& body, const std::string& status = "200 OK");
/// A chunked stream of events, each in a piece of its own.
scripted_reply event_stream(const std::vector<std::string>& events, const std::string& header = "");

/// Serves each connection in a thread of its own until it is destroyed.
class loopback_server {
public:
  using script = std::function<scripted_reply(const seen_request&)>;

  /// Listens on a free port of 127.0.0.1. `answer` is called from several threads.
  explicit loopback_server(script answer);
  ~loopback_server();
  loopback_server(const loopback_server&) = delete;
  loopback_server& operator=(const loopback_server&) = delete;

  std::string url() const;
  /// All requests so far, in the order in which they came.
  std::vector<seen_request> requests() const;
  std::size_t connections() const { return connections_; }

private:
  void accept_all();
  void serve(int socket);
  bool read_request(int socket, std::string& buffer, seen_request& out);

  script answer_;
  std::uint16_t port_ = 0; // before listener_, whose initializer sets it
  int listener_ = -1;
  std::atomic<std::size_t> connections_ = 0;
  mutable std::mutex mutex_;
  std::vector<seen_request> requests_;
  std::vector<int> sockets_;
  std::vector<std::thread> serving_;
  std::thread accepting_;
};

/// A port of 127.0.0.1 that nobody listens on.
std::uint16_t closed_port();

} // namespace troupe::test
