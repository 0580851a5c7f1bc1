#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "http/api/errors.hpp"
#include "http/api/operators.hpp"

using namespace troupe;
using namespace troupe::http;
using namespace troupe::http::api;
namespace json = boost::json;

namespace {

company_status workers(std::initializer_list<worker_state> states) {
  company_status s;
  for (auto state : states)
    s.workers.push_back({static_cast<worker_id>(s.workers.size()), "cpu", "small", "float32", state, "why", {}, 1});
  return s;
}

} // namespace

TEST_CASE("health is what the workers are, unless the server drains or the company is silent") {
  using enum worker_state;
  CHECK(judge(workers({ready, ready}), false) == health::ok);
  CHECK(judge(workers({ready, failed}), false) == health::degraded);
  CHECK(judge(workers({loading, failed}), false) == health::starting);
  CHECK(judge(workers({restarting, failed}), false) == health::down);
  CHECK(judge(workers({}), false) == health::down);
  CHECK(judge(workers({ready}), true) == health::draining);
  CHECK(judge({}, false) == health::unresponsive);
  CHECK(can_serve(health::degraded));
  CHECK_FALSE(can_serve(health::starting));
}

TEST_CASE("health shows every worker with device, state and reason") {
  metrics_snapshot m;
  m.meets_sla = true;
  const auto j = json::parse(health_body(health::degraded, workers({worker_state::ready, worker_state::failed}), m));
  CHECK(j.at("status") == "degraded");
  CHECK(j.at("meets_sla") == true);
  const auto& worker = j.at("workers").at(1);
  CHECK(worker.at("id") == 1);
  CHECK(worker.at("device") == "cpu");
  CHECK(worker.at("state") == "failed");
  CHECK(worker.at("reason") == "why");
  CHECK(json::parse(health_body(health::unresponsive, {}, {})).at("meets_sla") == false);
}

TEST_CASE("health tells of workers that were given up, while there are any") {
  auto status = workers({worker_state::ready});
  CHECK_FALSE(json::parse(health_body(health::ok, status, {})).as_object().contains("abandoned"));
  status.abandoned = 2;
  CHECK(json::parse(health_body(health::ok, status, {})).at("abandoned") == 2);
}

TEST_CASE("a process lives while its company answers and makes progress") {
  metrics_snapshot m;
  CHECK(judge_live(m, std::chrono::seconds{60}) == liveness::alive);
  m.stalled = std::chrono::seconds{60};
  CHECK(judge_live(m, std::chrono::seconds{60}) == liveness::alive);
  m.stalled += std::chrono::milliseconds{1500};
  CHECK(judge_live(m, std::chrono::seconds{60}) == liveness::stalled);
  CHECK(judge_live({}, std::chrono::seconds{60}) == liveness::unresponsive);
  CHECK(live_body(liveness::stalled, m) == R"({"status":"stalled","stalled_seconds":61.5})");
  CHECK(live_body(liveness::unresponsive, {}) == R"({"status":"unresponsive"})");
}

TEST_CASE("metrics have the names that dashboards look for") {
  metrics_snapshot m;
  m.total_requests = 10;
  m.failures = {{"queue_full", 2}};
  m.cancellations = {{"client_gone", 1}};
  m.latency.p95 = 0.85;
  m.requests_running = 3;
  m.workers.push_back({1, "cpu", 3, 64, 8, 16, 100, {}, 3.5, 10, 20});
  const auto j = json::parse(metrics_body(m)).as_object();
  for (const auto* name : {"total_requests", "successful_requests", "failed_requests", "cancelled_requests", "failures",
         "cache_hit_rate", "meets_sla", "latency", "time_to_first_token", "cache", "requests_running",
         "requests_waiting", "tokens_per_second", "workers", "objective"}) {
    INFO(name);
    CHECK(j.contains(name));
  }
  CHECK(j.at("total_requests") == 10);
  CHECK(j.at("failures").at("queue_full") == 2);
  CHECK(j.at("cancellations").at("client_gone") == 1);
  CHECK(j.at("latency").at("p95").to_number<double>() == 0.85);
  CHECK(j.at("workers").at(0).at("state") == "loading");
  CHECK(j.at("workers").at(0).at("kv_use").to_number<double>() == 0.5);
}

TEST_CASE("models are listed and found by name") {
  options o;
  o.models = {{"a", 5, 100}, {"org/b", 6, 200}};
  const auto list = json::parse(models_body(o));
  CHECK(list.at("object") == "list");
  CHECK(list.at("data").at(1).at("id") == "org/b");
  CHECK(json::parse(model_body(o, "a")).at("created") == 5);
  CHECK(list.at("data").at(1).at("aliases").as_array().empty());
  CHECK_THROWS_AS(model_body(o, "c"), request_error);
  o.models[1].aliases = {"c"};
  CHECK(json::parse(model_body(o, "c")).at("id") == "org/b");
  CHECK(json::parse(model_body(o, "c")).at("aliases") == json::parse(R"(["c"])"));
  CHECK_FALSE(json::parse(model_body(o, "c")).as_object().contains("parent"));
  auto adapter = o.models[0];
  adapter.name = "a:x";
  adapter.parent = "a";
  o.models.push_back(adapter);
  CHECK(json::parse(model_body(o, "a:x")).at("parent") == "a");
  // Names are told apart by their case.
  CHECK_THROWS_AS(model_body(o, "C"), request_error);
}
