// Reading: from bytes to one request that holds.
#include "http/session.hpp"

#include "http/api/json_out.hpp"
#include "http/body.hpp"
#include "http/head.hpp"

namespace troupe::http {

namespace {

using std::chrono::steady_clock;

/// How long a connection without a request is listened to while the server drains.
constexpr std::chrono::seconds fresh_time{1};

std::string request_id(environment& outside) {
  static constexpr char hex[] = "0123456789abcdef";
  std::string id;
  for (int half = 0; half < 2; ++half)
    for (auto [bits, i] = std::pair{outside.random(), 0}; i < 16; ++i, bits >>= 4)
      id += hex[bits & 15];
  return id;
}

std::string limit_text(std::chrono::nanoseconds t) {
  return api::number_text(seconds_of(t)) + " s";
}

std::string address_of(const net::ip::tcp::socket& socket) {
  boost::system::error_code ec;
  const auto peer = socket.remote_endpoint(ec);
  return ec ? std::string{} : peer.address().to_string();
}

steady_time after(std::chrono::nanoseconds t) {
  return steady_clock::now() + std::chrono::ceil<steady_clock::duration>(t);
}

} // namespace

session::session(net::ip::tcp::socket socket, session_context& context)
    : context_(context),
      peer_(address_of(socket)),
      connection_(std::make_shared<connection>(std::move(socket), context.scratch, context.opts.limit.write_timeout,
        context.outside.tls ? context.outside.tls->now() : nullptr)) {
  context_.sessions.insert(this);
}

session::~session() {
  context_.sessions.erase(this);
  connection_->cut();
}

net::awaitable<void> session::run() {
  connection_->start();
  for (bool go_on = true; go_on;) {
    const bool got = co_await read_request();
    if (got) {
      answered_ = true;
      go_on = co_await answer_request();
    } else if (refused_) {
      facts_.keep_alive = false;
      co_await send_refusal(*refused_);
      go_on = false;
    } else {
      go_on = false;
    }
    end_audit(got || refused_);
  }
  co_await connection_->finish();
}

bool session::refuse(int status, std::string message) {
  refused_ = api::refusal{status, std::move(message), {}, {}, {}};
  return false;
}

bool session::let_in() {
  auto known = identify(request_, access_to(route_, request_.method, context_.opts),
    context_.outside.keys ? context_.outside.keys->now() : nullptr);
  if (auto* denied = std::get_if<api::refusal>(&known)) {
    denied_ = std::move(*denied);
    // A stranger's body is not read; what comes after it could not be told from it.
    facts_.keep_alive = facts_.keep_alive && facts_.framing == body_framing::none;
    return false;
  }
  caller_ = std::get<caller>(std::move(known));
  narrowed_ = narrowed(context_.opts, caller_);
  return true;
}

net::awaitable<bool> session::more_input(steady_time until) {
  const auto before = connection_->input().size();
  while (connection_->input().size() == before && !connection_->ended() && steady_clock::now() < until)
    co_await connection_->wait(until);
  co_return connection_->input().size() > before;
}

net::awaitable<bool> session::read_request() {
  request_ = {};
  facts_ = {};
  refused_.reset();
  denied_.reset();
  caller_ = {};
  narrowed_.reset();
  audit_ = {};
  route_ = no_route{};
  const bool head = co_await read_head();
  if (!head)
    co_return false;
  route_ = find_route(request_.method, request_.path);
  if (!let_in())
    co_return true;
  const bool body = co_await read_body();
  co_return body;
}

net::awaitable<bool> session::read_head() {
  const auto& input = connection_->input();
  connection_->read_ahead(limit().header_bytes + 1024);
  // Between requests some clients send empty lines.
  const auto idle_until = after(limit().idle_timeout);
  for (int blank_lines = 0; input.empty() || (blank_lines < 4 && (input == "\r" || input.starts_with("\r\n")));) {
    if (input.starts_with("\r\n")) {
      connection_->consume(2);
      ++blank_lines;
      continue;
    }
    // A draining server still hears out who has just come: that is how it can say that it drains.
    const auto patience = answered_ ? steady_time{} : opened_ + fresh_time;
    const auto until = context_.draining && input.empty() ? std::min(idle_until, patience) : idle_until;
    if (connection_->ended() || steady_clock::now() >= until)
      co_return false;
    co_await connection_->wait(until);
  }
  request_id_ = request_id(context_.outside);
  head_time_ = steady_clock::now();
  const auto until = after(limit().header_timeout);
  std::size_t scanned = 0;
  std::size_t size = 0;
  while (size == 0) {
    auto scan = scan_head(input, scanned, limit());
    if (scan.error)
      co_return refuse(scan.error->status, std::move(scan.error->message));
    size = scan.size.value_or(0);
    scanned = input.size();
    if (size != 0)
      break;
    const bool more = co_await more_input(until);
    if (!more && connection_->ended())
      co_return false;
    if (!more)
      co_return refuse(408, "the head of the request took longer than " + limit_text(limit().header_timeout));
  }
  head_time_ = steady_clock::now();
  const auto head = connection_->take(size);
  auto checked = check_head(head, limit());
  if (auto* error = std::get_if<wire_error>(&checked))
    co_return refuse(error->status, std::move(error->message));
  facts_ = std::get<head_facts>(checked);
  auto parsed = parse_head(head);
  if (!parsed)
    co_return refuse(400, "the head is not an HTTP request");
  request_ = std::move(*parsed);
  co_return true;
}

net::awaitable<bool> session::read_body() {
  if (facts_.framing == body_framing::none)
    co_return true;
  if (facts_.expects_continue && connection_->input().empty()) {
    if (std::holds_alternative<no_route>(route_)) {
      // The client has not sent the body yet; it is told no, and whatever it sends then is not read.
      facts_.keep_alive = false;
      co_return true;
    }
    const std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    const bool written = co_await connection_->write(go_on);
    if (!written)
      co_return false;
  }
  if (facts_.framing == body_framing::length) {
    const bool whole = co_await read_body_by_length();
    co_return whole;
  }
  const bool whole = co_await read_chunked_body();
  co_return whole;
}

net::awaitable<bool> session::read_body_by_length() {
  const auto size = static_cast<std::size_t>(facts_.length);
  const auto until = after(limit().body_timeout);
  connection_->read_ahead(size);
  while (connection_->input().size() < size) {
    const bool more = co_await more_input(until);
    if (!more && connection_->ended())
      co_return false;
    if (!more)
      co_return refuse(408, "the body of the request took longer than " + limit_text(limit().body_timeout));
  }
  request_.body = connection_->take(size);
  connection_->read_ahead(default_read_ahead);
  co_return true;
}

net::awaitable<bool> session::read_chunked_body() {
  const auto until = after(limit().body_timeout);
  chunked_body chunks{limit()};
  while (true) {
    const auto taken = chunks.take(connection_->input());
    connection_->consume(taken);
    if (chunks.error())
      co_return refuse(chunks.error()->status, chunks.error()->message);
    if (chunks.done())
      break;
    const bool more = co_await more_input(until);
    if (!more && connection_->ended())
      co_return false;
    if (!more)
      co_return refuse(408, "the body of the request took longer than " + limit_text(limit().body_timeout));
  }
  request_.body = std::move(chunks.body());
  co_return true;
}

} // namespace troupe::http
