// Streams through real sockets.
#include <catch2/catch.hpp>

#include "tests/http/running_server.hpp"

using namespace troupe;
using namespace troupe::http;
using namespace troupe::http::test;
using namespace std::chrono_literals;

TEST_CASE("a stream's events come as they are made, each whole in one chunk") {
  running_server s;
  client c{s.serving.port()};
  c.send(post(chat, hello_stream) + get("/health/live"));
  const auto sink = s.company.request(0).first;
  REQUIRE(sink != 0);
  s.company.started(sink, cache_state::miss);
  s.company.text(sink, "Hel");
  const auto begin = c.read_until("\"Hel\"");
  CHECK(begin.find("Content-Type: text/event-stream\r\n") != std::string::npos);
  CHECK(begin.find("X-Cache: miss\r\n") != std::string::npos);
  CHECK(begin.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
  CHECK(begin.find("X-Request-Id: ") != std::string::npos);
  c.read_until("\n\n\r\n");
  s.company.text(sink, "lo", finish_reason::stop);
  s.company.finished(sink);
  const auto end = c.read_until("data: [DONE]\n\n\r\n0\r\n\r\n");
  CHECK(end.find("\"lo\"") != std::string::npos);
  CHECK(end.find(R"("finish_reason":"stop")") != std::string::npos);
  CHECK(c.read()->body == R"({"status":"alive"})");
}

TEST_CASE("no event stands across two chunks") {
  running_server s;
  s.company.at_once = [](fake_company& company, sink_id sink, const native_request&) {
    company.started(sink);
    for (int i = 0; i < 200; ++i)
      company.text(sink, std::string(static_cast<std::size_t>(i), 'a'));
    company.text(sink, "", finish_reason::length);
    company.finished(sink);
  };
  const auto r = s.call(post(chat, hello_stream));
  REQUIRE_FALSE(r.chunks.empty());
  for (const auto& chunk : r.chunks)
    CHECK(chunk.ends_with("\n\n"));
  const auto events = events_of(r.body);
  CHECK(events.size() == 1 + 199 + 1 + 1);
  CHECK(events.back() == "[DONE]");
}

TEST_CASE("a client of HTTP/1.0 gets a stream that ends with the connection") {
  running_server s;
  s.company.at_once = [](fake_company& company, sink_id sink, const native_request&) { company.answer(sink, "x"); };
  auto request = post(chat, hello_stream);
  request.replace(request.find("HTTP/1.1"), 8, "HTTP/1.0");
  const auto r = s.call(request);
  CHECK(r.field("connection") == "close");
  CHECK_FALSE(r.has("transfer-encoding"));
  CHECK(events_of(r.body).back() == "[DONE]");
}

TEST_CASE("a stream that goes wrong ends with an event that says so") {
  running_server s;
  s.company.at_once = [](fake_company& company, sink_id sink, const native_request&) {
    company.started(sink);
    company.text(sink, "a");
    company.failed(sink, {failure_code::deadline_exceeded, "too late", "", {}});
  };
  const auto r = s.call(post(chat, hello_stream));
  CHECK(r.status == 200);
  const auto events = events_of(r.body);
  CHECK(events.back() ==
    R"({"error":{"message":"too late","type":"server_error","param":null,"code":"deadline_exceeded"}})");
}

TEST_CASE("a request that fails before its first text gets a status, though it was queued") {
  running_server s;
  client c{s.serving.port()};
  c.send(post(chat, hello_stream));
  const auto sink = s.company.request(0).first;
  s.company.started(sink);
  s.company.failed(sink, {failure_code::context_length_exceeded, "9000 tokens, 8192 fit", "messages", {}});
  const auto r = c.read();
  CHECK(r->status == 400);
  CHECK(r->body.find("9000 tokens") != std::string::npos);
}

TEST_CASE("a silent stream gets comments from the queue on") {
  auto o = test_options();
  o.stream_keep_alive = 30ms;
  running_server s{o};
  client c{s.serving.port()};
  c.send(post(chat, hello_stream));
  const auto sink = s.company.request(0).first;
  s.company.started(sink);
  c.read_until("\"assistant\"");
  c.read_until(": keep-alive\n\n");
  c.read_until(": keep-alive\n\n");
  s.company.text(sink, "a", finish_reason::stop);
  s.company.finished(sink);
  c.read_until("[DONE]");
}

TEST_CASE("a reader that is too slow loses its request, and nobody else does") {
  auto o = test_options();
  o.limit.sink_bytes = 64 << 10;
  o.limit.write_timeout = 300ms;
  running_server s{o};
  client slow{s.serving.port(), 4096};
  slow.send(post(chat, hello_stream));
  const auto sink = s.company.request(0).first;
  REQUIRE(sink != 0);
  s.company.started(sink);
  for (int i = 0; i < 400 && !s.company.was_detached(sink); ++i) {
    s.company.text(sink, std::string(60 << 10, 'x'));
    std::this_thread::sleep_for(1ms);
  }
  CHECK(s.company.detached(sink) == detach_reason::slow_reader);
  CHECK(s.call(get("/health")).status == 200);
  for (int i = 0; i < 300 && s.serving.connections() != 0; ++i)
    std::this_thread::sleep_for(10ms);
  CHECK(s.serving.connections() == 0);
}

TEST_CASE("a reader that stops reading is cut off though nothing more comes") {
  auto o = test_options();
  o.limit.sink_bytes = 64 << 20;
  o.limit.write_timeout = 100ms;
  running_server s{o};
  client slow{s.serving.port(), 4096};
  slow.send(post(chat, hello_stream));
  const auto sink = s.company.request(0).first;
  s.company.started(sink);
  s.company.text(sink, std::string(16 << 20, 'x'));
  CHECK(s.company.detached(sink) == detach_reason::slow_reader);
}

TEST_CASE("an answer that is whole is written though its client has closed its side") {
  running_server s;
  client c{s.serving.port(), 4096};
  c.send(post(chat, hello_stream));
  const auto sink = s.company.request(0).first;
  s.company.answer(sink, std::string(8 << 20, 'x'));
  c.read_until("xxx");
  c.half_close();
  const auto rest = c.read_until("[DONE]");
  CHECK(rest.size() > (8 << 20) - 1000);
  CHECK_FALSE(s.company.was_detached(sink));
}
