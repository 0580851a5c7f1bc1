// Answering a request for text: whole, or as a stream.
#include <chrono>

#include "actors/protocol/names.hpp"
#include "http/answer_group.hpp"
#include "http/api/embeddings.hpp"
#include "http/api/responses_events.hpp"
#include "http/api/score.hpp"
#include "http/request_timeout.hpp"
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

api::whole_answer gather(answer_group& running, std::size_t choices) {
  api::whole_answer all;
  all.started = running.started_event().value_or(answer_started{});
  all.finished = running.finished_event().value_or(answer_finished{});
  all.choices.resize(choices);
  for (auto& event : running.take_text()) {
    auto& choice = all.choices.at(event.choice);
    choice.text += event.text;
    if (!event.embedding.empty())
      choice.embedding = std::move(event.embedding);
    std::move(event.tokens.begin(), event.tokens.end(), std::back_inserter(choice.tokens));
    if (event.finish != finish_reason::none)
      choice.finish = event.finish;
  }
  return all;
}

} // namespace

api::call_context session::call_context() const {
  return {seen(), request_id_, context_.outside.now(), request_.field_has("cache-control", "no-store")};
}

session::text_call session::read_call(endpoint to) const {
  const auto context = call_context();
  text_call out;
  if (to == endpoint::responses) {
    auto read = api::read_responses(request_.body, context);
    out.stream = read.style.stream;
    out.requests.push_back(std::move(read.request));
    out.format = std::make_unique<api::responses_format>(std::move(read.style));
  } else if (to == endpoint::embeddings) {
    auto read = api::read_embeddings(request_.body, context);
    out.choices = read.requests.size();
    out.window = api::embedding_window;
    out.requests = std::move(read.requests);
    out.format = api::make_embedding_format(std::move(read.style));
  } else if (to == endpoint::score) {
    auto read = api::read_score(request_.body, context);
    out.choices = read.request.params.choices;
    out.requests.push_back(std::move(read.request));
    out.format = api::make_score_format(std::move(read.style));
  } else {
    auto read = to == endpoint::chat ? api::read_chat(request_.body, context)
      : to == endpoint::completions  ? api::read_completion(request_.body, context)
                                     : api::read_inference(request_.body, context);
    out.stream = read.style.stream;
    out.choices = read.style.choices;
    out.requests.push_back(std::move(read.request));
    std::move(read.others.begin(), read.others.end(), std::back_inserter(out.requests));
    out.format = api::make_format(std::move(read.style));
  }
  const auto timeout = request_timeout(request_);
  for (auto& one : out.requests)
    one.timeout = timeout;
  return out;
}

std::variant<session::text_call, api::refusal> session::try_read_call(endpoint to) const {
  if (const auto coding = request_.field("content-encoding"); !coding.empty() && !same_word(coding, "identity"))
    return api::refusal{415, "Content-Encoding is not supported", {}, {}, {}};
  try {
    auto call = read_call(to);
    if (auto refused = sign(call.requests, caller_, peer_))
      return std::move(*refused);
    return call;
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
  auto read = try_read_call(to.to);
  if (const auto* refused = std::get_if<api::refusal>(&read)) {
    const bool go_on = co_await send_refusal(*refused);
    co_return go_on;
  }
  // A client that has closed its side already waits for no generation.
  if (connection_->ended())
    co_return false;
  auto& call = std::get<text_call>(read);
  note_call(call.requests.front());
  request_.body = std::string{};
  answer_group running{*context_.port, std::move(call.requests), call.stream ? limit().sink_bytes : 0,
    [c = connection_.get()] { c->notify(); }, call.window};
  const end_hook hook{*connection_};
  connection_->on_end([this, &running] { running.detach(end_reason()); });
  if (call.stream) {
    const bool go_on = co_await answer_stream(running, *call.format);
    note_end(running);
    co_return go_on;
  }
  const bool go_on = co_await answer_whole(running, *call.format, call.choices);
  note_end(running);
  co_return go_on;
}

net::awaitable<bool> session::answer_whole(answer_group& running, api::answer_format& format, std::size_t choices) {
  while (!running.ended() && !connection_->ended())
    co_await connection_->wait(steady_clock::now() + long_time);
  if (!running.ended())
    co_return false;
  response answer;
  if (const auto* failed = running.failed_event()) {
    answer = error_response(api::to_refusal(*failed));
  } else {
    const auto all = gather(running, choices);
    answer.body = format.whole(all);
    for (const auto& choice : all.choices)
      note_text(choice.text);
  }
  if (const auto started = running.started_event())
    answer.fields.emplace_back("X-Cache", std::string{name(started->cache)});
  if (const auto left = running.admitted_event())
    add_rate_fields(answer, *left);
  const bool go_on = co_await send(std::move(answer));
  co_return go_on;
}

net::awaitable<bool> session::answer_stream(answer_group& running, api::answer_format& format) {
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
    if (const auto left = running.admitted_event())
      add_rate_fields(answer, *left);
    const bool go_on = co_await send(std::move(answer));
    co_return go_on;
  }
  response answer;
  audit_.status = answer.status;
  answer.content_type = "text/event-stream";
  answer.fields.emplace_back("Cache-Control", "no-cache");
  answer.fields.emplace_back("X-Accel-Buffering", "no");
  const auto started = running.started_event().value_or(answer_started{});
  answer.fields.emplace_back("X-Cache", std::string{name(started.cache)});
  if (const auto left = running.admitted_event())
    add_rate_fields(answer, *left);
  auto head = head_for(answer, facts_.minor == 0 ? answer_framing::close : answer_framing::chunked);
  const bool go_on = co_await stream_events(running, format, std::move(head));
  co_return go_on;
}

net::awaitable<bool> session::stream_events(answer_group& running, api::answer_format& format, std::string head) {
  const bool go_on = keeps() && facts_.minor == 1;
  const auto silence = std::chrono::ceil<steady_clock::duration>(context_.opts.stream_keep_alive);
  std::string events;
  format.open(running.started_event().value_or(answer_started{}), events);
  for (bool last = false; !last;) {
    last = running.ended();
    for (const auto& event : running.take_text()) {
      format.text(event, events);
      note_text(event.text);
    }
    if (const auto finished = running.finished_event())
      format.close(running.started_event().value_or(answer_started{}), *finished, events);
    else if (const auto* failed = running.failed_event())
      format.fail(api::to_refusal(*failed), events);
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
