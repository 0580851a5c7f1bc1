#include "bench/connection.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

namespace troupe::bench {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace beast_http = beast::http;
using boost::system::error_code;

namespace {

constexpr std::uint64_t longest_answer = 64 << 20;

std::string describe(error_code error) {
  if (error == beast::error::timeout)
    return "timeout";
  if (error == beast_http::error::end_of_stream || error == beast_http::error::partial_message ||
    error == asio::error::eof)
    return "the server closed the connection before its answer was whole";
  return error.message();
}

void fail_on(error_code error) {
  if (error)
    throw connection_error{describe(error)};
}

beast_http::request<beast_http::string_body> make_request(const call& c, const std::string& authority) {
  beast_http::request<beast_http::string_body> request{beast_http::verb::post, c.path, 11};
  request.set(beast_http::field::host, authority);
  request.set(beast_http::field::user_agent, "troupe-bench");
  request.set(beast_http::field::content_type, "application/json");
  if (c.no_store)
    request.set(beast_http::field::cache_control, "no-store");
  if (!c.authorization.empty())
    request.set(beast_http::field::authorization, c.authorization);
  request.body() = c.body;
  request.prepare_payload();
  return request;
}

} // namespace

resolved_server resolve(const server_url& server) {
  asio::io_context io;
  asio::ip::tcp::resolver resolver{io};
  error_code error;
  resolved_server out{resolver.resolve(server.host, server.port, error), server.authority};
  fail_on(error);
  return out;
}

asio::awaitable<void> connection::open(steady_time deadline) {
  if (stream_)
    co_return;
  stream_.emplace(io_);
  buffer_.clear();
  stream_->expires_at(deadline);
  error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  co_await stream_->async_connect(server_.endpoints, token);
  if (error)
    close();
  fail_on(error);
  error_code ignored;
  stream_->socket().set_option(asio::ip::tcp::no_delay{true}, ignored);
}

asio::awaitable<answer_head> connection::post(const call& c, steady_time deadline, const body_sink& sink) {
  const request r = make_request(c, server_.authority);
  try {
    co_await open(deadline);
    stream_->expires_at(deadline);
    co_return co_await exchange(r, sink);
  } catch (...) {
    close();
    throw;
  }
}

asio::awaitable<answer_head> connection::exchange(const request& r, const body_sink& sink) {
  beast_http::response_parser<beast_http::string_body> parser;
  parser.body_limit(longest_answer);
  error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  co_await beast_http::async_write(*stream_, r, token);
  fail_on(error);
  co_await beast_http::async_read_header(*stream_, buffer_, parser, token);
  fail_on(error);

  const auto cache = parser.get()["X-Cache"];
  const answer_head head{parser.get().result_int(), std::string{cache.data(), cache.size()}};
  std::string& body = parser.get().body();
  while (!parser.is_done()) {
    co_await beast_http::async_read_some(*stream_, buffer_, parser, token);
    fail_on(error);
    if (!body.empty())
      sink(head, body);
    body.clear();
  }
  if (!parser.keep_alive())
    close();
  co_return head;
}

} // namespace troupe::bench
