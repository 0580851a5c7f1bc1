// Requests for text that are answered whole, through real sockets.
#include <catch2/catch.hpp>

#include "tests/http/running_server.hpp"

using namespace troupe;
using namespace troupe::http;
using namespace troupe::http::test;
using namespace std::chrono_literals;

TEST_CASE("a chat is answered when the company has answered") {
  running_server s;
  client c{s.serving.port()};
  c.send(post(chat, hello));
  const auto [sink, request] = s.company.request(0);
  REQUIRE(sink != 0);
  CHECK(request.model == "small");
  CHECK(request.messages.front().content == "hi");
  s.company.started(sink, cache_state::coalesced);
  s.company.text(sink, "Hello ");
  s.company.text(sink, "you", finish_reason::length);
  s.company.finished(sink);
  const auto r = c.read();
  CHECK(r->status == 200);
  CHECK(r->field("x-cache") == "coalesced");
  CHECK(r->field("x-request-id") == request.request_id);
  CHECK(r->body.find(R"("content":"Hello you")") != std::string::npos);
  CHECK(r->body.find(R"("finish_reason":"length")") != std::string::npos);
  c.send(get("/health/live"));
  CHECK(c.read()->status == 200);
}

TEST_CASE("completions and inferences go the same way") {
  running_server s;
  s.company.at_once = [](fake_company& company, sink_id sink, const native_request&) {
    company.answer(sink, "text", cache_state::hit);
  };
  const auto completion = s.call(post("/v1/completions", R"({"model":"default","prompt":"Once"})"));
  CHECK(completion.body.find(R"("text":"text")") != std::string::npos);
  const auto inference = s.call(post("/api/v1/inference", R"({"user_input":"hi"})"));
  CHECK(inference.field("x-cache") == "hit");
  CHECK(inference.body.find(R"("response":"text")") != std::string::npos);
  CHECK(inference.body.find(R"("cache_hit":true)") != std::string::npos);
  s.call(post("/api/v1/inference", R"({"user_input":"hi"})", "Cache-Control: no-store\r\n"));
  CHECK(s.company.request(2).second.cache == cache_policy::bypass);
}

TEST_CASE("what the company refuses has its status, code and moment to come back") {
  running_server s;
  failure reason;
  s.company.at_once = [&](fake_company& company, sink_id sink, const native_request&) { company.failed(sink, reason); };
  const std::vector<std::tuple<failure_code, int, std::string>> table{
    {failure_code::context_length_exceeded, 400, "context_length_exceeded"},
    {failure_code::queue_full, 429, "queue_full"}, {failure_code::draining, 503, "draining"},
    {failure_code::no_worker, 503, "no_worker"}, {failure_code::deadline_exceeded, 504, "deadline_exceeded"},
    {failure_code::internal_error, 500, "internal_error"}};
  for (const auto& [code, status, word] : table)
    for (const auto body : {hello, hello_stream}) {
      reason = {code, "because", "messages", 1500ms};
      const auto r = s.call(post(chat, body));
      INFO(word);
      CHECK(r.status == status);
      CHECK(r.field("content-type") == "application/json");
      CHECK(r.body.find("\"code\":\"" + word + "\"") != std::string::npos);
      CHECK(r.body.find("because") != std::string::npos);
      CHECK(r.field("retry-after") == "2");
      CHECK(r.field("retry-after-ms") == "1500");
    }
}

TEST_CASE("a client that hangs up frees its place at once") {
  running_server s;
  for (std::size_t i = 0; i < 4; ++i) {
    client c{s.serving.port()};
    c.send(post(chat, i % 2 == 0 ? hello : hello_stream));
    const auto sink = s.company.request(i).first;
    REQUIRE(sink != 0);
    if (i >= 2)
      s.company.started(sink);
    if (i == 3)
      s.company.text(sink, "a");
    if (i == 1)
      c.abort();
    else
      c.half_close();
    CHECK(s.company.detached(sink) == detach_reason::client_gone);
    // What still comes for it is nobody's.
    s.company.text(sink, "late");
    s.company.finished(sink);
    if (i != 1) {
      CHECK(c.closed_within(1s));
    }
  }
  CHECK(s.call(get("/health")).status == 200);
}

TEST_CASE("what comes behind a running request waits for its turn") {
  running_server s;
  client c{s.serving.port()};
  c.send(post(chat, hello) + get("/health/live") + post(chat, hello_stream) + get("/nope"));
  s.company.answer(s.company.request(0).first, "first");
  CHECK(c.read()->body.find("first") != std::string::npos);
  CHECK(c.read()->body == R"({"status":"alive"})");
  s.company.answer(s.company.request(1).first, "second");
  CHECK(c.read()->body.find("second") != std::string::npos);
  CHECK(c.read()->status == 404);
}

TEST_CASE("a body in a coding that is not known is refused") {
  running_server s;
  CHECK(s.call(post(chat, hello, "Content-Encoding: gzip\r\n")).status == 415);
}

TEST_CASE("a large body is read whole") {
  running_server s;
  client c{s.serving.port()};
  const std::string text(3 << 20, 'x');
  c.send(post(chat, R"({"model":"small","messages":[{"role":"user","content":")" + text + "\"}]}"));
  const auto [sink, request] = s.company.request(0);
  REQUIRE(sink != 0);
  CHECK(request.messages.front().content == text);
  s.company.answer(sink, "ok");
  CHECK(c.read()->status == 200);
}
