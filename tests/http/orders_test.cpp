// What operators ask and order, over real sockets.
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "tests/http/running_server.hpp"

using namespace troupe;
using namespace troupe::http;
using namespace troupe::http::test;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

/// The `error` object of an answer.
json::object error_of(const reply& answer) {
  return json::parse(answer.body).at("error").as_object();
}

} // namespace

TEST_CASE("metrics come as JSON, and as Prometheus' text to those who ask for it") {
  running_server s;
  const auto text = s.call(get("/metrics", "Accept: text/plain;version=0.0.4\r\n"));
  CHECK(text.status == 200);
  CHECK(text.field("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(text.body == s.company.page);
  CHECK(s.call(get("/metrics/prometheus", "Accept: application/json\r\n")).body == s.company.page);
  CHECK(s.call("HEAD /metrics/prometheus HTTP/1.1\r\nHost: x\r\n\r\n", true).status == 200);
  for (const auto* accept : {"", "Accept: */*\r\n", "Accept: application/json, text/plain, */*\r\n"})
    CHECK(s.call(get("/metrics", accept)).field("content-type") == "application/json");
  s.company.silent = true;
  CHECK(s.call(get("/metrics/prometheus")).status == 503);
}

TEST_CASE("the process is alive until its company makes no progress or does not answer") {
  auto o = test_options();
  o.live_timeout = 10s;
  running_server s{o};
  CHECK(s.call(get("/health/live")).status == 200);
  CHECK(json::parse(s.call(get("/health/live")).body).at("status") == "alive");

  running_server stalled{o};
  stalled.company.metrics.stalled = 11s;
  const auto answer = stalled.call(get("/health/live"));
  CHECK(answer.status == 503);
  CHECK(json::parse(answer.body).at("status") == "stalled");
  CHECK(json::parse(answer.body).at("stalled_seconds") == 11);

  running_server silent{o};
  silent.company.silent = true;
  CHECK(silent.call(get("/health/live")).status == 503);
  CHECK(json::parse(silent.call(get("/health/live")).body).at("status") == "unresponsive");
}

TEST_CASE("a drill is ordered by worker and kind") {
  running_server s;
  s.company.drilled.done = true;
  for (const auto* what : {"throw", "die", "hang"}) {
    const auto answer = s.call(post("/admin/drill", R"({"worker": 0, "what": ")" + std::string{what} + "\"}"));
    CHECK(answer.status == 200);
    CHECK(answer.body == R"({"status":"ok"})");
  }
  CHECK(s.company.orders() == std::vector<std::string>{"0 throw", "0 die", "0 hang"});
}

TEST_CASE("a drill that does not hold is refused by field, limit and value, and goes nowhere") {
  running_server s;
  const std::vector<std::tuple<const char*, const char*, const char*>> bad{
    {R"({"what": "die"})", "worker", "worker is missing; GET /health lists the workers with their ids"},
    {R"({"worker": -1, "what": "die"})", "worker", "worker must be between 0 and 4294967295, got -1"},
    {R"({"worker": 1.5, "what": "die"})", "worker", "worker must be an integer, got 1.5"},
    {R"({"worker": "0", "what": "die"})", "worker", "worker must be an integer, got a string"},
    {R"({"worker": 0})", "what", "what is missing"},
    {R"({"worker": 0, "what": "explode"})", "what", "what must be one of throw, die and hang, got 'explode'"},
    {R"({"worker": 0, "what": 3})", "what", "what must be a string, got 3"},
  };
  for (const auto& [body, param, message] : bad) {
    INFO(body);
    const auto answer = s.call(post("/admin/drill", body));
    CHECK(answer.status == 400);
    CHECK(error_of(answer).at("param") == param);
    CHECK(error_of(answer).at("message") == message);
  }
  CHECK(error_of(s.call(post("/admin/drill", R"({"worker":0,"what":"die","x":1})"))).at("code") == "unknown_parameter");
  CHECK(error_of(s.call(post("/admin/drill", ""))).at("code") == "invalid_json");
  CHECK(s.call(get("/admin/drill")).status == 405);
  CHECK(s.company.orders().empty());
}

TEST_CASE("a drill that is not carried out says why: switched off, no such worker, or none that can be drilled") {
  running_server s;
  const auto order = [&](order_refusal why) {
    s.company.drilled = {false, "why", why};
    return s.call(post("/admin/drill", R"({"worker": 7, "what": "die"})"));
  };
  const auto off = order(order_refusal::drills_off);
  CHECK(off.status == 403);
  CHECK(error_of(off).at("code") == "drills_off");
  CHECK(error_of(off).at("message") == "why");
  const auto unknown = order(order_refusal::no_such_worker);
  CHECK(unknown.status == 400);
  CHECK(error_of(unknown).at("param") == "worker");
  CHECK(order(order_refusal::not_ready).status == 409);
}

TEST_CASE("a reload says what has changed, or why nothing has") {
  running_server s;
  s.company.reloaded = {true, {}, {2, 3}, {0}, 1};
  const auto answer = s.call(post("/admin/reload", ""));
  CHECK(answer.status == 200);
  CHECK(answer.body == R"({"status":"reloaded","kept":1,"started":[2,3],"draining":[0]})");
  CHECK(s.call(post("/admin/reload", "{}")).status == 200);
  CHECK(s.call(post("/admin/reload", R"({"file": "x"})")).status == 400);
  CHECK(s.company.orders() == std::vector<std::string>{"reload", "reload"});
  s.company.reloaded = {false, "x.toml:1: unknown key", {}, {}, 0};
  const auto refused = s.call(post("/admin/reload", ""));
  CHECK(refused.status == 400);
  CHECK(error_of(refused).at("code") == "invalid_config");
  CHECK(error_of(refused).at("message") == "x.toml:1: unknown key");
  s.company.silent = true;
  CHECK(s.call(post("/admin/reload", "")).status == 503);
}
