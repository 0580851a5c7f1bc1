// HTTP/1.1 over one kept-alive connection.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "bench/api.hpp"
#include "bench/url.hpp"

namespace troupe::bench {

using steady_time = std::chrono::steady_clock::time_point;

/// A server that cannot be reached, hangs up, takes too long or does not speak HTTP.
class connection_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// A server whose name has been looked up.
struct resolved_server {
  boost::asio::ip::tcp::resolver::results_type endpoints;
  /// What the `Host` header says.
  std::string authority;
};

/// Looks a server's name up. Throws `connection_error`.
resolved_server resolve(const server_url& server);

/// What stands before an answer's body.
struct answer_head {
  unsigned status = 0;
  /// The `X-Cache` header; empty where there is none.
  std::string cache;
};

/// One connection to a server, opened when it is needed and kept as long as the server keeps it. Does one thing at a
/// time, on the thread that runs `io`.
class connection {
public:
  /// Takes each piece of an answer's body as it comes.
  using body_sink = std::function<void(const answer_head&, std::string_view)>;

  /// `io` and `server` must outlive the connection.
  connection(boost::asio::io_context& io, const resolved_server& server) : io_{io}, server_{server} {}

  /// Connects, if it is not connected. Throws `connection_error`.
  boost::asio::awaitable<void> open(steady_time deadline);

  /// Sends a request, once, and hands on its answer; all of it until the deadline. A server that hangs up has failed
  /// the request: clients that never pause do not meet a connection that was closed for its idleness. Throws
  /// `connection_error`, and what `sink` throws; the connection is closed then.
  boost::asio::awaitable<answer_head> post(const call& c, steady_time deadline, const body_sink& sink);

private:
  using request = boost::beast::http::request<boost::beast::http::string_body>;

  boost::asio::awaitable<answer_head> exchange(const request& r, const body_sink& sink);
  void close() { stream_.reset(); }

  boost::asio::io_context& io_;
  const resolved_server& server_;
  std::optional<boost::beast::tcp_stream> stream_;
  boost::beast::flat_buffer buffer_;
};

} // namespace troupe::bench
