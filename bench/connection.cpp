#include "bench/connection.hpp"

#include <optional>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace troupe::bench {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

namespace {

constexpr std::uint64_t longest_answer = 64 << 20;

std::string describe(error_code error) {
  if (error == beast::error::timeout)
    return "timeout";
  if (error == http::error::end_of_stream || error == http::error::partial_message || error == asio::error::eof)
    return "the server closed the connection before its answer was whole";
  return error.message();
}

http::request<http::string_body> make_request(const call& c, const std::string& authority) {
  http::request<http::string_body> request{http::verb::post, c.path, 11};
  request.set(http::field::host, authority);
  request.set(http::field::user_agent, "troupe-bench");
  request.set(http::field::content_type, "application/json");
  if (c.no_store)
    request.set(http::field::cache_control, "no-store");
  request.body() = c.body;
  request.prepare_payload();
  return request;
}

} // namespace

/// Asio's blocking calls know no deadline, so each step is an asynchronous one that is waited for on the spot.
class connection::impl {
public:
  explicit impl(const server_url& server) : server_{server} {
    error_code error;
    asio::ip::tcp::resolver resolver{io_};
    endpoints_ = resolver.resolve(server.host, server.port, error);
    if (error)
      throw connection_error{error.message()};
  }

  void open(steady_time deadline) {
    if (stream_)
      return;
    stream_.emplace(io_);
    buffer_.clear();
    stream_->expires_at(deadline);
    const error_code error = wait([&](auto done) { stream_->async_connect(endpoints_, std::move(done)); });
    if (error) {
      close();
      throw connection_error{describe(error)};
    }
    error_code ignored;
    stream_->socket().set_option(asio::ip::tcp::no_delay{true}, ignored);
  }

  answer_head post(const call& c, steady_time deadline, const body_sink& sink) {
    const http::request<http::string_body> request = make_request(c, server_.authority);
    const bool kept = stream_.has_value();
    try {
      open(deadline);
      std::optional<answer_head> answer = exchange(request, deadline, sink, kept);
      if (!answer) {
        close();
        open(deadline);
        answer = exchange(request, deadline, sink, false);
      }
      return *answer;
    } catch (...) {
      close();
      throw;
    }
  }

private:
  /// Starts an operation and waits for its end.
  template <class Start>
  error_code wait(Start start) {
    error_code result;
    start([&result](error_code error, auto&&...) { result = error; });
    io_.restart();
    io_.run();
    return result;
  }

  void close() { stream_.reset(); }

  /// One request and its answer. Nothing where `kept` and the server had closed the connection before it answered.
  std::optional<answer_head> exchange(
    const http::request<http::string_body>& request, steady_time deadline, const body_sink& sink, bool kept) {
    stream_->expires_at(deadline);
    http::response_parser<http::string_body> parser;
    parser.body_limit(longest_answer);
    error_code error = wait([&](auto done) { http::async_write(*stream_, request, std::move(done)); });
    if (!error)
      error = wait([&](auto done) { http::async_read_header(*stream_, buffer_, parser, std::move(done)); });
    if (error && kept && !parser.got_some() && error != beast::error::timeout)
      return std::nullopt;
    fail_on(error);

    const answer_head head{parser.get().result_int(), std::string{parser.get()["X-Cache"]}};
    std::string& body = parser.get().body();
    while (true) {
      if (!body.empty())
        sink(head, body);
      body.clear();
      if (parser.is_done())
        break;
      fail_on(wait([&](auto done) { http::async_read_some(*stream_, buffer_, parser, std::move(done)); }));
    }
    if (!parser.keep_alive())
      close();
    return head;
  }

  static void fail_on(error_code error) {
    if (error)
      throw connection_error{describe(error)};
  }

  server_url server_;
  asio::io_context io_{1};
  asio::ip::tcp::resolver::results_type endpoints_;
  std::optional<beast::tcp_stream> stream_;
  beast::flat_buffer buffer_;
};

connection::connection(const server_url& server) : impl_{std::make_unique<impl>(server)} {}
connection::~connection() = default;
connection::connection(connection&&) noexcept = default;
connection& connection::operator=(connection&&) noexcept = default;

void connection::open(steady_time deadline) {
  impl_->open(deadline);
}

answer_head connection::post(const call& request, steady_time deadline, const body_sink& sink) {
  return impl_->post(request, deadline, sink);
}

} // namespace troupe::bench
