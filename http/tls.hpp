// TLS on a server's connections.
#pragma once

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <memory>
#include <string>

#include "http/current.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace troupe::http {

/// Who a server is: a certificate and its private key. Immutable; many connections share it.
class tls_identity {
public:
  /// Reads PEM files: the certificate with those that lead to its root, its own first, and the key. Throws
  /// `std::runtime_error` that names the file and what is wrong with it.
  tls_identity(const std::string& certificate, const std::string& private_key);
  ~tls_identity();
  tls_identity(const tls_identity&) = delete;
  tls_identity& operator=(const tls_identity&) = delete;

private:
  friend class tls_stream;
  ssl_ctx_st* context_;
};

/// The identity that new connections get; one that is renewed takes its place.
using tls_ring = current<tls_identity>;

/// The server's side of TLS 1.2 or later over a socket that does not block. The handshake happens while the first bytes
/// are read. The process must ignore SIGPIPE. Not thread safe: its connection owns it.
class tls_stream {
public:
  /// The socket stays its owner's, and open as long as this lives or is not used again.
  tls_stream(std::shared_ptr<const tls_identity> identity, int socket);
  ~tls_stream();
  tls_stream(const tls_stream&) = delete;
  tls_stream& operator=(const tls_stream&) = delete;

  /// Like a socket's: what came or went, or `would_block`, `eof`, or another error for a connection that is broken.
  std::size_t read_some(char* to, std::size_t most, boost::system::error_code& ec);
  std::size_t write_some(const char* from, std::size_t size, boost::system::error_code& ec);
  /// Whether bytes wait here that the socket will not tell of.
  bool has_pending() const;
  /// Says the end, if that can be done at once.
  void say_end();

private:
  std::size_t outcome_of(int result, std::size_t moved, boost::system::error_code& ec);

  std::shared_ptr<const tls_identity> identity_;
  ssl_st* ssl_;
  bool broken_ = false;
};

} // namespace troupe::http
