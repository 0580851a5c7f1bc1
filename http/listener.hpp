// Takes connections and gives them to the io threads in turn.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>
#include <vector>

namespace troupe::http {

namespace net = boost::asio;

/// Accepts on one address. `run` and `stop` belong to the io thread that it was made with.
class listener {
public:
  /// Whom the next connection goes to, and what is done with it.
  struct place {
    net::io_context* io = nullptr;
    std::function<void(net::ip::tcp::socket)> take;
  };

  explicit listener(net::io_context& io) : acceptor_(io), pause_(io) {}

  /// Throws `std::runtime_error` that names host, port and reason.
  void bind(const std::string& host, std::uint16_t port);
  /// Takes a socket that listens already. Throws `std::runtime_error` for any other descriptor.
  void adopt(int descriptor);
  std::uint16_t port() const;
  /// Whether only this machine reaches the address.
  bool loopback() const;

  /// Accepts until `stop`. When the machine has no descriptors left, it waits a little and tries again.
  net::awaitable<void> run(std::function<place()> next);
  void stop();

private:
  net::ip::tcp::acceptor acceptor_;
  net::steady_timer pause_;
};

/// Tells a client that there are too many, and closes.
void turn_away(net::ip::tcp::socket socket);

/// Raises the limit of open descriptors as far as this process may.
void raise_descriptor_limit();

} // namespace troupe::http
