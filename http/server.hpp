// The HTTP server: io threads, a listener, and the connections on them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "http/audit.hpp"
#include "http/company_port.hpp"
#include "http/keys.hpp"
#include "http/options.hpp"
#include "http/tls.hpp"

namespace troupe::http {

/// What the server takes from outside. Used from all io threads, also at once.
struct environment {
  /// 64 random bits, for request ids.
  std::function<std::uint64_t()> random;
  /// Unix time in seconds.
  std::function<std::int64_t()> now;
  /// Whom the server serves; null or empty for anybody. Others may be put in at any time.
  std::shared_ptr<key_ring> keys = {};
  /// Who the server is where it speaks TLS; null for plain HTTP.
  std::shared_ptr<tls_ring> tls = {};
  /// Takes a line for each request that is not open to everybody; null for none.
  audit_sink audit = {};
};

/// The machine's own randomness and clock.
environment real_environment();

/// Serves HTTP. Made, bound, listening, closed: in this order, each once, from one thread.
class server {
public:
  server(options opts, environment outside, port_factory make_port);
  /// Closes at once if nobody did.
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Takes the address. Throws `std::runtime_error` that names host, port and reason; also for an address that other
  /// machines reach where there are no keys and nobody has said that anybody may come in.
  void bind();
  /// The same with a socket that listens already: a service manager's, which outlives this process.
  void adopt(int descriptor);
  /// The port that was taken: the one asked for, or one that was free where 0 was asked for.
  std::uint16_t port() const;
  /// Starts the io threads and accepts connections.
  void listen();

  /// Goes on accepting and answering, but `/health/ready` says 503 and each connection ends after its answer, idle
  /// ones at once. What new requests are told is the company's to say. On an adopted socket it accepts no more: who
  /// comes now waits for the next process.
  void begin_drain();
  /// Accepts no more connections.
  void stop_accepting();
  /// Connections that are open.
  std::size_t connections() const;

  /// Stops accepting, drains, waits until every connection has ended or `grace` is over, cuts those that are left,
  /// and joins the threads.
  void close(std::chrono::nanoseconds grace);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace troupe::http
