#include "http/connection.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace troupe::http {

namespace {

using boost::system::error_code;

/// How long, and how much, a closing connection still takes from its client.
constexpr std::chrono::seconds linger_time{2};
constexpr std::size_t linger_bytes = std::size_t{64} << 20;
/// An empty buffer larger than this is given back.
constexpr std::size_t kept_capacity = 4096;

} // namespace

connection::connection(net::ip::tcp::socket socket, read_scratch& scratch, std::chrono::nanoseconds write_timeout,
  std::shared_ptr<const tls_identity> identity)
    : socket_(std::move(socket)),
      tls_(identity ? std::make_unique<tls_stream>(std::move(identity), socket_.native_handle()) : nullptr),
      wake_(socket_.get_executor()),
      write_limit_(socket_.get_executor()),
      scratch_(scratch),
      write_timeout_(write_timeout),
      most_(default_read_ahead) {}

void connection::start() {
  error_code ec;
  socket_.non_blocking(true, ec);
  socket_.set_option(net::ip::tcp::no_delay{true}, ec);
  arm();
}

void connection::consume(std::size_t n) {
  input_.erase(0, n);
  if (input_.empty() && input_.capacity() > kept_capacity)
    input_ = std::string{};
  arm();
}

std::string connection::take(std::size_t n) {
  if (n == input_.size()) {
    auto all = std::move(input_);
    input_ = std::string{};
    arm();
    return all;
  }
  auto part = input_.substr(0, n);
  consume(n);
  return part;
}

void connection::read_ahead(std::size_t most) {
  most_ = std::max(most, default_read_ahead);
  arm();
}

std::size_t connection::room() const {
  if (dropping_)
    return scratch_.size();
  return input_.size() < most_ ? std::min(most_ - input_.size(), scratch_.size()) : 0;
}

void connection::arm() {
  if (armed_ || ended() || room() == 0)
    return;
  armed_ = true;
  if (tls_ && tls_->has_pending()) {
    net::post(socket_.get_executor(), [self = shared_from_this()] {
      self->armed_ = false;
      self->readable();
    });
    return;
  }
  socket_.async_wait(net::ip::tcp::socket::wait_read, [self = shared_from_this()](error_code ec) {
    self->armed_ = false;
    if (ec)
      self->end_input(true);
    else
      self->readable();
  });
}

void connection::readable() {
  while (!ended() && room() != 0) {
    error_code ec;
    const auto n = read_some(room(), ec);
    if (ec == net::error::would_block || ec == net::error::try_again)
      break;
    if (ec)
      return end_input(ec != net::error::eof);
    if (dropping_ && (dropped_ += n) > linger_bytes)
      return end_input(true);
    if (!dropping_)
      input_.append(scratch_.data(), n);
    // TLS gives a record at a time, so it says itself when there is no more.
    if (!tls_ && n < scratch_.size())
      break;
  }
  arm();
  notify();
}

void connection::end_input(bool broken) {
  if (ended() && !broken)
    return;
  eof_ = true;
  broken_ |= broken;
  if (auto call = std::exchange(on_end_, nullptr))
    call();
  notify();
}

net::awaitable<void> connection::wait(steady_time until) {
  wake_.expires_at(until);
  error_code ec;
  auto token = net::redirect_error(net::use_awaitable, ec);
  co_await wake_.async_wait(token);
}

std::size_t connection::read_some(std::size_t most, error_code& ec) {
  return tls_ ? tls_->read_some(scratch_.data(), most, ec) : socket_.read_some(net::buffer(scratch_.data(), most), ec);
}

std::size_t connection::write_some(std::string_view bytes, error_code& ec) {
  return tls_ ? tls_->write_some(bytes.data(), bytes.size(), ec)
              : socket_.write_some(net::buffer(bytes.data(), bytes.size()), ec);
}

void connection::write_at_once(std::string_view& bytes, error_code& ec) {
  while (!bytes.empty() && !broken_) {
    const auto n = write_some(bytes, ec);
    if (ec)
      break;
    bytes.remove_prefix(n);
  }
}

net::awaitable<bool> connection::write(std::string_view bytes) {
  const auto full = [](error_code ec) { return ec == net::error::would_block || ec == net::error::try_again; };
  error_code ec;
  write_at_once(bytes, ec);
  if (!broken_ && full(ec)) {
    write_limit_.expires_after(std::chrono::ceil<std::chrono::steady_clock::duration>(write_timeout_));
    write_limit_.async_wait([self = shared_from_this(), number = ++writes_](error_code waited) {
      if (waited || number != self->writes_)
        return;
      self->too_slow_ = true;
      self->cut();
    });
    while (!broken_ && full(ec)) {
      auto token = net::redirect_error(net::use_awaitable, ec);
      co_await socket_.async_wait(net::ip::tcp::socket::wait_write, token);
      if (!ec)
        write_at_once(bytes, ec);
    }
    ++writes_;
    write_limit_.cancel();
  }
  if (ec && !broken_)
    cut();
  co_return !broken_;
}

net::awaitable<void> connection::finish() {
  error_code ec;
  dropping_ = true;
  input_ = std::string{};
  if (tls_ && !broken_)
    tls_->say_end();
  if (!broken_)
    socket_.shutdown(net::ip::tcp::socket::shutdown_send, ec);
  arm();
  const auto until = std::chrono::steady_clock::now() + linger_time;
  while (!ended() && std::chrono::steady_clock::now() < until)
    co_await wait(until);
  cut();
}

void connection::cut() {
  error_code ec;
  socket_.close(ec);
  end_input(true);
}

} // namespace troupe::http
