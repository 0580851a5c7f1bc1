// Answering: what a session does with a request that holds, and above all with one for text.
#include <chrono>

#include "actors/protocol/names.hpp"
#include "http/running_answer.hpp"
#include "http/session.hpp"
#include "http/sse.hpp"

namespace troupe::http {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::hours long_time{1};

/// Takes a connection's hook back when its request is over.
struct end_hook {
  connection& of;
  ~end_hook() { of.on_end(nullptr); }
};

api::whole_answer gather(running_answer& running) {
  api::whole_answer all;
  all.started = running.started_event().value_or(answer_started{});
  all.finished = *running.finished_event();
  for (auto& event : running.take_text()) {
    all.text += event.text;
    std::move(event.tokens.begin(), event.tokens.end(), std::back_inserter(all.tokens));
    if (event.finish != finish_reason::none)
      all.finish = event.finish;
  }
  return all;
}

} // namespace

net::awaitable<bool> session::answer_request() {
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
  case endpoint::inference: {
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

std::variant<api::call, api::refusal> session::read_call(endpoint to) const {
  try {
    if (const auto coding = request_.field("content-encoding"); !coding.empty() && !same_word(coding, "identity"))
      return api::refusal{415, "Content-Encoding is not supported", {}, {}, {}};
    const api::call_context context{
      context_.opts, request_id_, context_.outside.now(), request_.field_has("cache-control", "no-store")};
    if (to == endpoint::chat)
      return api::read_chat(request_.body, context);
    if (to == endpoint::completions)
      return api::read_completion(request_.body, context);
    return api::read_inference(request_.body, context);
  } catch (const api::request_error& error) {
    return error.reason();
  }
}

detach_reason session::end_reason() const {
  if (cut_by_server_)
    return detach_reason::shutdown;
  return connection_->too_slow() ? detach_reason::slow_reader : detach_reason::client_gone;
}

net::awaitable<bool> session::answer_text(route to) {
  auto read = read_call(to.to);
  if (const auto* refused = std::get_if<api::refusal>(&read)) {
    const bool go_on = co_await send_refusal(*refused);
    co_return go_on;
  }
  // A client that has closed its side already waits for no generation.
  if (connection_->ended())
    co_return false;
  auto& call = std::get<api::call>(read);
  request_.body = std::string{};
  const bool stream = call.style.stream;
  const auto format = api::make_format(std::move(call.style));
  running_answer running{
    *context_.port, std::move(call.request), stream ? limit().sink_bytes : 0, [c = connection_.get()] { c->notify(); }};
  const end_hook hook{*connection_};
  connection_->on_end([this, &running] { running.detach(end_reason()); });
  if (stream) {
    const bool go_on = co_await answer_stream(running, *format);
    co_return go_on;
  }
  const bool go_on = co_await answer_whole(running, *format);
  co_return go_on;
}

net::awaitable<bool> session::answer_whole(running_answer& running, api::answer_format& format) {
  while (!running.ended() && !connection_->ended())
    co_await connection_->wait(steady_clock::now() + long_time);
  if (!running.ended())
    co_return false;
  response answer;
  if (const auto* failed = running.failed_event()) {
    answer = error_response(api::to_refusal(*failed));
  } else {
    const auto all = gather(running);
    answer.body = format.whole(all);
  }
  if (const auto& started = running.started_event())
    answer.fields.emplace_back("X-Cache", std::string{name(started->cache)});
  const bool go_on = co_await send(std::move(answer));
  co_return go_on;
}

net::awaitable<bool> session::answer_stream(running_answer& running, api::answer_format& format) {
  // The head waits for the first text, so that a request that fails before it gets a status of its own; but no longer
  // than a stream may be silent.
  auto until = steady_clock::now() + long_time;
  while (!running.has_text() && !running.ended() && !connection_->ended() && steady_clock::now() < until) {
    co_await connection_->wait(until);
    if (running.started_event())
      until = std::min(
        until, steady_clock::now() + std::chrono::ceil<steady_clock::duration>(context_.opts.stream_keep_alive));
  }
  if (connection_->ended() && !running.ended())
    co_return false;
  if (running.failed_event() != nullptr && !running.has_text()) {
    auto answer = error_response(api::to_refusal(*running.failed_event()));
    const bool go_on = co_await send(std::move(answer));
    co_return go_on;
  }
  response answer;
  answer.content_type = "text/event-stream";
  answer.fields.emplace_back("Cache-Control", "no-cache");
  answer.fields.emplace_back("X-Accel-Buffering", "no");
  const auto started = running.started_event().value_or(answer_started{});
  answer.fields.emplace_back("X-Cache", std::string{name(started.cache)});
  auto head = head_for(answer, facts_.minor == 0 ? answer_framing::close : answer_framing::chunked);
  const bool go_on = co_await stream_events(running, format, std::move(head));
  co_return go_on;
}

net::awaitable<bool> session::stream_events(running_answer& running, api::answer_format& format, std::string head) {
  const bool go_on = keeps() && facts_.minor == 1;
  const auto silence = std::chrono::ceil<steady_clock::duration>(context_.opts.stream_keep_alive);
  std::string events;
  format.open(events);
  for (bool last = false; !last;) {
    last = running.ended();
    for (const auto& event : running.take_text())
      format.text(event, events);
    if (const auto* finished = running.finished_event())
      format.close(running.started_event().value_or(answer_started{}), *finished, events);
    else if (const auto* failed = running.failed_event())
      api::append_error_event(api::to_refusal(*failed), events);
    auto bytes = std::exchange(head, {});
    if (!events.empty())
      bytes += facts_.minor == 0 ? events : chunk_of(events);
    if (last && facts_.minor == 1)
      bytes += last_chunk;
    events.clear();
    const bool written = co_await connection_->write(bytes);
    if (!written)
      co_return false;
    const auto until = steady_clock::now() + silence;
    while (!last && !running.has_text() && !running.ended() && !connection_->ended() && steady_clock::now() < until)
      co_await connection_->wait(until);
    if (!last && connection_->ended() && !running.ended())
      co_return false;
    if (!last && !running.has_text() && !running.ended())
      events = keep_alive_comment;
  }
  const bool whole = go_on && running.failed_event() == nullptr;
  co_return whole;
}

} // namespace troupe::http
