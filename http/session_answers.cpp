// Answering: where a request that holds goes, and how an answer gets out.
#include <chrono>

#include "http/session.hpp"

namespace troupe::http {

namespace {

using std::chrono::steady_clock;

} // namespace

net::awaitable<bool> session::answer_request() {
  if (denied_) {
    const bool go_on = co_await send_refusal(*denied_);
    co_return go_on;
  }
  if (const auto* nowhere = std::get_if<no_route>(&route_)) {
    const bool known = nowhere->status == 405;
    auto answer = error_response({nowhere->status,
      known ? request_.method + " is not allowed on " + request_.path + "; allowed: " + nowhere->allow
            : "there is nothing at " + request_.path,
      {}, known ? "method_not_allowed" : "unknown_url", {}});
    if (known)
      answer.fields.emplace_back("Allow", nowhere->allow);
    const bool go_on = co_await send(std::move(answer));
    co_return go_on;
  }
  const auto to = std::get<route>(route_);
  switch (to.to) {
  case endpoint::chat:
  case endpoint::completions:
  case endpoint::responses:
  case endpoint::inference:
  case endpoint::embeddings:
  case endpoint::score: {
    const bool go_on = co_await answer_text(to);
    co_return go_on;
  }
  default: {
    auto answer = co_await answer_operator(to);
    const bool go_on = co_await send(std::move(answer));
    co_return go_on;
  }
  }
}

std::string session::head_for(const response& answer, answer_framing framing) const {
  head_context head;
  head.minor = facts_.minor;
  head.keep_alive = keeps();
  head.framing = framing;
  head.request_id = request_id_;
  head.now = context_.outside.now();
  head.elapsed = steady_clock::now() - head_time_;
  head.origin = request_.field("origin");
  return head_text(answer, head, context_.opts);
}

net::awaitable<bool> session::send(response answer) {
  audit_.status = answer.status;
  if (answer.status >= 400) {
    audit_.result = outcome::failed;
    audit_.code = answer.code;
  }
  const bool go_on = keeps();
  auto bytes = head_for(answer, answer.status == 204 ? answer_framing::none : answer_framing::length);
  if (request_.method != "HEAD")
    bytes += answer.body;
  const bool written = co_await connection_->write(bytes);
  co_return written&& go_on;
}

net::awaitable<bool> session::send_refusal(const api::refusal& reason) {
  auto answer = error_response(reason);
  const bool go_on = co_await send(std::move(answer));
  co_return go_on;
}

} // namespace troupe::http
