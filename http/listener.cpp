#include "http/listener.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <spdlog/spdlog.h>
#include <stdexcept>
#include <sys/resource.h>

#include "http/api/errors.hpp"

namespace troupe::http {

namespace {

using boost::system::error_code;
using net::ip::tcp;

constexpr std::chrono::milliseconds pause_time{100};
constexpr std::chrono::seconds between_warnings{10};
constexpr int backlog = 4096;

tcp::endpoint find_address(net::io_context& io, const std::string& host, std::uint16_t port) {
  error_code ec;
  if (const auto address = net::ip::make_address(host, ec); !ec)
    return {address, port};
  tcp::resolver resolver{io};
  const auto found = resolver.resolve(host, std::to_string(port), ec);
  if (ec || found.empty())
    throw std::runtime_error(
      "cannot listen on " + host + ":" + std::to_string(port) + ": " + (ec ? ec.message() : "no address"));
  return found.begin()->endpoint();
}

} // namespace

void turn_away(tcp::socket socket) {
  const auto body = api::error_body({503, "too many connections are open", {}, "too_many_connections", {}});
  const auto text = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: " +
    std::to_string(body.size()) + "\r\nRetry-After: 1\r\nConnection: close\r\n\r\n" + body;
  error_code ec;
  socket.non_blocking(true, ec);
  socket.write_some(net::buffer(text.data(), text.size()), ec);
  socket.shutdown(tcp::socket::shutdown_send, ec);
}

void listener::bind(const std::string& host, std::uint16_t port) {
  auto& io = static_cast<net::io_context&>(acceptor_.get_executor().context());
  const auto address = find_address(io, host, port);
  error_code ec;
  acceptor_.open(address.protocol(), ec);
  if (!ec)
    acceptor_.set_option(tcp::acceptor::reuse_address{true}, ec);
  if (!ec)
    acceptor_.bind(address, ec);
  if (!ec)
    acceptor_.listen(backlog, ec);
  if (ec)
    throw std::runtime_error("cannot listen on " + host + ":" + std::to_string(port) + ": " + ec.message());
}

void listener::adopt(int descriptor) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  int listens = 0;
  socklen_t size = sizeof listens;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0 ||
    (address.ss_family != AF_INET && address.ss_family != AF_INET6) ||
    ::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0)
    throw std::runtime_error("descriptor " + std::to_string(descriptor) + " is not a TCP socket that listens");
  acceptor_.assign(address.ss_family == AF_INET ? tcp::v4() : tcp::v6(), descriptor);
}

std::uint16_t listener::port() const {
  return acceptor_.local_endpoint().port();
}

bool listener::loopback() const {
  const auto address = acceptor_.local_endpoint().address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return net::ip::make_address_v4(net::ip::v4_mapped, address.to_v6()).is_loopback();
  return address.is_loopback();
}

net::awaitable<void> listener::run(std::function<place()> next) {
  auto warned = std::chrono::steady_clock::now() - between_warnings;
  while (acceptor_.is_open()) {
    const auto where = next();
    tcp::socket socket{*where.io};
    error_code ec;
    auto token = net::redirect_error(net::use_awaitable, ec);
    co_await acceptor_.async_accept(socket, token);
    if (!acceptor_.is_open() || ec == net::error::operation_aborted)
      break;
    if (!ec) {
      where.take(std::move(socket));
    } else if (ec != net::error::connection_aborted) {
      if (const auto now = std::chrono::steady_clock::now(); now - warned >= between_warnings) {
        spdlog::warn("cannot accept connections: {}; trying on", ec.message());
        warned = now;
      }
      error_code ignored;
      auto quiet = net::redirect_error(net::use_awaitable, ignored);
      pause_.expires_after(pause_time);
      co_await pause_.async_wait(quiet);
    }
  }
}

void listener::stop() {
  error_code ec;
  acceptor_.close(ec);
  pause_.cancel();
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

} // namespace troupe::http
