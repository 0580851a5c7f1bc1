// One socket: bounded reading ahead, writing with a time limit, waiting.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/tls.hpp"

namespace troupe::http {

namespace net = boost::asio;

using steady_time = std::chrono::steady_clock::time_point;

/// Where all connections of an io thread read to first, so that an idle one holds no buffer.
using read_scratch = std::array<char, 65536>;

/// A client's socket, with TLS where an identity is given. It always reads ahead, up to a bound, also while an answer
/// is computed: that is how a client's hang-up is heard, and pipelined requests wait here for their turn. Lives on one
/// io thread.
class connection : public std::enable_shared_from_this<connection> {
public:
  connection(net::ip::tcp::socket socket, read_scratch& scratch, std::chrono::nanoseconds write_timeout,
    std::shared_ptr<const tls_identity> identity = nullptr);

  /// Begins to read.
  void start();

  /// What has been read and not been consumed.
  const std::string& input() const { return input_; }
  void consume(std::size_t n);
  /// Takes the first `n` bytes out.
  std::string take(std::size_t n);
  /// How much may be read ahead from now on.
  void read_ahead(std::size_t most);

  /// The client will send no more: it is gone, or has closed its side.
  bool ended() const { return eof_ || broken_; }
  /// Nothing can be written any more.
  bool broken() const { return broken_; }
  /// It was cut because it took too long to read what was written.
  bool too_slow() const { return too_slow_; }
  /// Called once, when `ended` becomes true. Null takes it back.
  void on_end(std::function<void()> call) { on_end_ = std::move(call); }

  /// Waits until something happens (`notify`, new input, the end) or the time is there. May return early.
  net::awaitable<void> wait(steady_time until);
  /// Wakes whoever waits.
  void notify() { wake_.cancel(); }

  /// Writes all, within the write timeout. False when the client is gone; the connection is cut then.
  net::awaitable<bool> write(std::string_view bytes);

  /// Closes so that what was written arrives: says the end, then reads and drops what still comes, for a while.
  net::awaitable<void> finish();
  /// Closes at once.
  void cut();

private:
  void arm();
  void readable();
  std::size_t room() const;
  std::size_t read_some(std::size_t most, boost::system::error_code& ec);
  std::size_t write_some(std::string_view bytes, boost::system::error_code& ec);
  /// Takes from the front of `bytes` what can be written at once.
  void write_at_once(std::string_view& bytes, boost::system::error_code& ec);
  void end_input(bool broken);

  net::ip::tcp::socket socket_;
  std::unique_ptr<tls_stream> tls_;
  net::steady_timer wake_;
  net::steady_timer write_limit_;
  read_scratch& scratch_;
  std::chrono::nanoseconds write_timeout_;
  std::string input_;
  std::size_t most_;
  std::size_t dropped_ = 0;
  std::uint64_t writes_ = 0;
  bool armed_ = false;
  bool dropping_ = false;
  bool eof_ = false;
  bool broken_ = false;
  bool too_slow_ = false;
  std::function<void()> on_end_;
};

/// Bytes read ahead unless more is wanted.
inline constexpr std::size_t default_read_ahead = 65536;

} // namespace troupe::http
