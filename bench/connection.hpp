// HTTP/1.1 over one kept-alive connection, for callers that wait.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "bench/api.hpp"
#include "bench/url.hpp"

namespace troupe::bench {

using steady_time = std::chrono::steady_clock::time_point;

/// A server that cannot be reached, hangs up, takes too long or does not speak HTTP.
class connection_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// What stands before an answer's body.
struct answer_head {
  unsigned status = 0;
  /// The `X-Cache` header; empty where there is none.
  std::string cache;
};

/// One connection to a server, opened when it is needed and kept as long as the server keeps it. Not thread safe.
class connection {
public:
  /// Takes each piece of an answer's body as it comes.
  using body_sink = std::function<void(const answer_head&, std::string_view)>;

  /// Looks the server's name up. Throws `connection_error`.
  explicit connection(const server_url& server);
  ~connection();
  connection(connection&&) noexcept;
  connection& operator=(connection&&) noexcept;

  /// Connects, if it is not connected. Throws `connection_error`.
  void open(steady_time deadline);

  /// Sends a request and hands on its answer; all of it until the deadline. A kept connection that turns out to be
  /// closed is opened anew, once. Throws `connection_error`, and what `sink` throws; the connection is closed then.
  answer_head post(const call& request, steady_time deadline, const body_sink& sink);

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace troupe::bench
