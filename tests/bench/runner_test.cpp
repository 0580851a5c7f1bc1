#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <memory>
#include <mutex>

#include "bench/client.hpp"
#include "bench/runner.hpp"
#include "tests/bench/loopback_server.hpp"

using namespace troupe::bench;
using namespace troupe::test;
using Catch::Contains;

namespace {

plan plan_for(const std::string& url, api_kind api, std::size_t requests) {
  options o;
  o.url = url;
  o.api = name(api);
  o.requests = static_cast<std::int64_t>(requests);
  o.timeout = 60;
  o.warmup = 0;
  return make_plan(o);
}

scenario_result run(
  plan p, scenario kind, const progress_listener& listener = [](const progress&) {}) {
  p.scenarios = {kind};
  return run_plan(p, listener).front();
}

/// Answers as both APIs do, from a cache if the request was asked before and allows it.
class small_model {
public:
  scripted_reply operator()(const seen_request& request) {
    const bool no_store = request.head.find("cache-control: no-store") != std::string::npos;
    bool hit = false;
    {
      const std::lock_guard lock{*mutex_};
      hit = !no_store && std::find(known_.begin(), known_.end(), request.body) != known_.end();
      if (!no_store)
        known_.push_back(request.body);
    }
    if (request.path == "/api/v1/inference")
      return json_reply(
        std::string{R"({"response":"Yes.","metadata":{"completion_tokens":3,"time_to_first_token":0.5,)"} +
        R"("cache_hit":)" + (hit ? "true}}" : "false}}"));
    return event_stream({R"(data: {"choices":[{"delta":{"role":"assistant","content":""}}]})"
                         "\n\n",
                          R"(data: {"choices":[{"delta":{"content":"Yes."}}]})"
                          "\n\n",
                          R"(data: {"choices":[],"usage":{"completion_tokens":3}})"
                          "\n\ndata: [DONE]\n\n"},
      hit ? "X-Cache: hit\r\n" : "X-Cache: miss\r\n");
  }

private:
  std::shared_ptr<std::mutex> mutex_ = std::make_shared<std::mutex>();
  std::vector<std::string> known_;
};

std::size_t hits(const scenario_result& result) {
  return static_cast<std::size_t>(std::count_if(
    result.samples.begin(), result.samples.end(), [](const sample& s) { return s.cache_hit.value_or(false); }));
}

} // namespace

TEST_CASE("every scenario runs against both APIs") {
  const api_kind api = GENERATE(api_kind::own, api_kind::openai);
  const scenario kind = GENERATE(scenario::sequential, scenario::cached, scenario::concurrent);
  CAPTURE(name(api), name(kind));
  const loopback_server server{small_model{}};
  const scenario_result result = run(plan_for(server.url(), api, 6), kind);

  CHECK(result.samples.size() == (kind == scenario::cached ? 12 : 6));
  CHECK(server.requests().size() == result.samples.size());
  CHECK(result.seconds > 0);
  for (const sample& s : result.samples) {
    CHECK(s.failure == "");
    CHECK(s.tokens == 3);
    CHECK(s.latency > 0);
    REQUIRE(s.first_token);
    if (api == api_kind::openai)
      CHECK(*s.first_token <= s.latency);
    else
      CHECK(*s.first_token == 0.5);
  }
  CHECK(hits(result) == (kind == scenario::cached ? 6 : 0));
}

TEST_CASE("a client keeps its connection") {
  const loopback_server server{small_model{}};
  run(plan_for(server.url(), api_kind::openai, 5), scenario::sequential);
  CHECK(server.connections() == 1);
  run(plan_for(server.url(), api_kind::own, 5), scenario::sequential);
  CHECK(server.connections() == 2);
}

TEST_CASE("a connection that the server will not keep is opened anew") {
  const loopback_server server{[](const seen_request&) {
    return scripted_reply{{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 15\r\n\r\n{\"response\":\"\"}"},
      scripted_reply::ending::close};
  }};
  for (const sample& s : run(plan_for(server.url(), api_kind::own, 5), scenario::sequential).samples)
    CHECK(s.failure == "");
  CHECK(server.connections() == 5);
}

TEST_CASE("a request that a kept connection swallows is a failure, and is not sent again") {
  const loopback_server server{[n = std::make_shared<std::atomic<int>>(0)](const seen_request& request) {
    return ++*n == 2 ? scripted_reply{{}, scripted_reply::ending::close} : small_model{}(request);
  }};
  const scenario_result result = run(plan_for(server.url(), api_kind::own, 3), scenario::sequential);
  REQUIRE(result.samples.size() == 3);
  CHECK(result.samples[0].failure == "");
  CHECK(result.samples[1].failure == "the server closed the connection before its answer was whole");
  CHECK(result.samples[2].failure == "");
  CHECK(server.requests().size() == 3);
}

TEST_CASE("progress goes from nothing to all and counts failures") {
  const loopback_server server{[](const seen_request&) { return json_reply("{}", "503 Service Unavailable"); }};
  std::vector<progress> seen;
  run(
    plan_for(server.url(), api_kind::own, 10), scenario::concurrent, [&seen](const progress& p) { seen.push_back(p); });
  REQUIRE(seen.size() == 11);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    CHECK(seen[i].done == i);
    CHECK(seen[i].failed == i);
    CHECK(seen[i].total == 10);
  }
}

TEST_CASE("a plan's scenarios run in its order") {
  const loopback_server server{small_model{}};
  const auto results = run_plan(plan_for(server.url(), api_kind::own, 2), [](const progress&) {});
  REQUIRE(results.size() == 3);
  CHECK(results[0].kind == scenario::sequential);
  CHECK(results[1].kind == scenario::cached);
  CHECK(results[2].kind == scenario::concurrent);
  for (const scenario_result& r : results)
    CHECK_FALSE(r.interrupted);
}

TEST_CASE("the warm-up is asked first and counts nowhere") {
  const loopback_server server{small_model{}};
  plan p = plan_for(server.url(), api_kind::own, 2);
  p.warmup = 3;
  std::size_t heard = 0;
  const scenario_result result = run(p, scenario::sequential, [&heard](const progress&) { ++heard; });
  CHECK(server.requests().size() == 5);
  CHECK(result.samples.size() == 2);
  CHECK(heard == 3);
}

TEST_CASE("a signal during the warm-up ends a run with nothing") {
  const loopback_server server{[](const seen_request&) {
    ::raise(SIGTERM);
    return scripted_reply{{}, scripted_reply::ending::hang};
  }};
  plan p = plan_for(server.url(), api_kind::own, 2);
  p.warmup = 1;
  const auto results = run_plan(p, [](const progress&) {});
  REQUIRE(results.size() == 1);
  CHECK(results[0].interrupted);
  CHECK(results[0].samples.empty());
}

TEST_CASE("a signal ends a run, and what was under way counts as nothing") {
  const loopback_server server{[n = std::make_shared<std::atomic<int>>(0)](const seen_request& request) {
    if (++*n < 10)
      return small_model{}(request);
    ::raise(SIGINT);
    return scripted_reply{{}, scripted_reply::ending::hang};
  }};
  const auto results = run_plan(plan_for(server.url(), api_kind::own, 6), [](const progress&) {});
  REQUIRE(results.size() == 2);
  CHECK_FALSE(results[0].interrupted);
  CHECK(results[1].interrupted);
  CHECK(results[1].samples.size() == 3);
  for (const sample& s : results[1].samples)
    CHECK(s.failure == "");
}

TEST_CASE("one failing request does not touch the others") {
  const loopback_server server{[n = std::make_shared<std::atomic<int>>(0)](const seen_request&) {
    return ++*n == 3 ? json_reply(R"({"error":{"message":"boom"}})", "500 Internal Server Error")
                     : json_reply(R"({"response":"x"})");
  }};
  const scenario_result result = run(plan_for(server.url(), api_kind::own, 5), scenario::sequential);
  for (std::size_t i = 0; i < 5; ++i)
    CHECK(result.samples[i].failure == (i == 2 ? "HTTP 500: boom" : ""));
}

TEST_CASE("an error status of a streamed request is a failure too") {
  const loopback_server server{
    [](const seen_request&) { return json_reply(R"({"error":{"message":"full"}})", "429 Too Many Requests"); }};
  for (const sample& s : run(plan_for(server.url(), api_kind::openai, 2), scenario::sequential).samples)
    CHECK(s.failure == "HTTP 429: full");
}

TEST_CASE("a server that hangs is given up after the timeout, before and inside its answer") {
  const bool silent = GENERATE(true, false);
  const loopback_server server{[silent](const seen_request&) {
    scripted_reply reply = event_stream({R"(data: {"choices":[]})"
                                         "\n\n"});
    reply.pieces.pop_back();
    if (silent)
      reply.pieces.clear();
    reply.then = scripted_reply::ending::hang;
    return reply;
  }};
  plan p = plan_for(server.url(), api_kind::openai, 2);
  p.timeout = 0.05;
  const scenario_result result = run(p, scenario::sequential);
  REQUIRE(result.samples.size() == 2);
  for (const sample& s : result.samples) {
    CHECK(s.failure == "timeout");
    CHECK(s.latency >= 0.05);
  }
  // An answer that comes too late must not be taken for the next one.
  CHECK(server.connections() == 2);
}

TEST_CASE("an answer that breaks off is a failure") {
  const loopback_server server{[](const seen_request&) {
    return scripted_reply{{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"resp"}, scripted_reply::ending::close};
  }};
  for (const sample& s : run(plan_for(server.url(), api_kind::own, 2), scenario::sequential).samples)
    CHECK_THAT(s.failure, Contains("before its answer was whole"));
  CHECK(server.requests().size() == 2);
}

TEST_CASE("what is no HTTP is a failure") {
  const loopback_server server{[](const seen_request&) {
    return scripted_reply{{"SSH-2.0-x\r\n\r\n"}, scripted_reply::ending::close};
  }};
  for (const sample& s : run(plan_for(server.url(), api_kind::own, 2), scenario::sequential).samples)
    CHECK(s.failure != "");
}

TEST_CASE("a broken stream ends its connection, not the client") {
  const loopback_server server{[n = std::make_shared<std::atomic<int>>(0)](const seen_request& request) {
    return ++*n == 1 ? event_stream({"data: {\"error\":{\"message\":\"lost\"}}\n\n", "data: junk\n\n"})
                     : small_model{}(request);
  }};
  const scenario_result result = run(plan_for(server.url(), api_kind::openai, 2), scenario::sequential);
  CHECK(result.samples[0].failure == "error in the stream: lost");
  CHECK(result.samples[1].failure == "");
}

TEST_CASE("a server that is not there is unreachable, by name or by port") {
  const std::string closed = "http://127.0.0.1:" + std::to_string(closed_port());
  CHECK_THROWS_WITH(
    check_reachable(plan_for(closed, api_kind::own, 1)), Contains("cannot reach " + closed) && Contains("refused"));
  CHECK_THROWS_WITH(check_reachable(plan_for("http://no-such-host.invalid", api_kind::own, 1)),
    Contains("cannot reach http://no-such-host.invalid: "));
  const loopback_server server{small_model{}};
  CHECK_NOTHROW(check_reachable(plan_for(server.url(), api_kind::own, 1)));
}
