#include <catch2/catch.hpp>

#include <boost/json.hpp>

#include "bench/report.hpp"

using namespace troupe::bench;
using Catch::Contains;

namespace {

plan small_plan() {
  plan p;
  p.url = "http://localhost:8000";
  p.requests = 2;
  p.warmup = 1;
  p.max_tokens = 64;
  p.objective = 2;
  p.timeout = 120;
  p.seed = 7;
  return p;
}

scenario_summary good() {
  sample a, b;
  a.latency = 0.5;
  a.first_token = 0.125;
  a.tokens = 40;
  a.cache_hit = false;
  b = a;
  b.latency = 1.5;
  b.cache_hit = true;
  return summarize({scenario::cached, 1, 2, {a, b}}, 2);
}

scenario_summary bad() {
  sample a;
  a.failure = "HTTP 500: \"boom\"";
  return summarize({scenario::concurrent, 8, 1, {a, a}}, 2);
}

} // namespace

TEST_CASE("the table has a column for each scenario and a row for each number") {
  CHECK(table(small_plan(), {good(), bad()}) ==
    R"(troupe bench http://localhost:8000: own API, 2 prompts, at most 64 tokens each, seed 7, 1 warm-up
times in milliseconds; time to first token as the server reports it

                                   cached   concurrent
clients                                 1            8
requests, total                         2            2
  successful                            2            0
  failed                                0            2
latency, average                   1000.0            -
  median                           1000.0            -
  P50                               500.0            -
  P95                              1500.0            -
  P99                              1500.0            -
  min                               500.0            -
  max                              1500.0            -
time to first token, average        125.0            -
  median                            125.0            -
  P50                               125.0            -
  P95                               125.0            -
  P99                               125.0            -
  min                               125.0            -
  max                               125.0            -
cache hit rate                     50.0 %            -
requests/s                           1.00         0.00
tokens/s                             40.0            -
no request failed                    PASS         FAIL
P95 under 2 s                        PASS         FAIL

concurrent: 2 failed: HTTP 500: "boom"
)");
}

TEST_CASE("the table shows the most frequent reasons for failures") {
  std::vector<sample> samples(9);
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i].failure = "reason " + std::to_string(i);
  samples.push_back(samples[8]);
  const std::string text = table(small_plan(), {summarize({scenario::sequential, 1, 1, samples}, 2)});
  CHECK_THAT(text, Contains("sequential: 2 failed: reason 8\n") && Contains("sequential: and 4 other reasons\n"));
}

TEST_CASE("the JSON report reads back") {
  const std::string text = to_json(small_plan(), {good(), bad()});
  const boost::json::object report = boost::json::parse(text).as_object();
  CHECK(report.at("url").as_string() == "http://localhost:8000");
  CHECK(report.at("seed").as_int64() == 7);
  CHECK(report.at("model").is_null());
  CHECK_FALSE(report.at("passed").as_bool());

  const boost::json::array& scenarios = report.at("scenarios").as_array();
  REQUIRE(scenarios.size() == 2);
  const boost::json::object& cached = scenarios[0].as_object();
  CHECK(cached.at("scenario").as_string() == "cached");
  CHECK(cached.at("latency").as_object().at("p95").as_double() == 1.5);
  CHECK(cached.at("time_to_first_token").as_object().at("median").as_double() == 0.125);
  CHECK(cached.at("cache_hit_rate").as_double() == 0.5);
  CHECK(cached.at("completion_tokens").as_int64() == 80);
  CHECK(cached.at("failures").as_array().empty());

  const boost::json::object& concurrent = scenarios[1].as_object();
  CHECK(concurrent.at("latency").is_null());
  CHECK(concurrent.at("tokens_per_second").is_null());
  CHECK_FALSE(concurrent.at("meets_objective").as_bool());
  CHECK(concurrent.at("failures").as_array()[0].as_object().at("reason").as_string() == "HTTP 500: \"boom\"");
}

TEST_CASE("the JSON report writes numbers as people do") {
  const std::string text = to_json(small_plan(), {good()});
  CHECK_THAT(text, Contains(R"("p95":1.5,)") && Contains(R"("average":0.125,)") && Contains(R"("passed":true)"));
}

TEST_CASE("an interrupted scenario says so and does not pass") {
  scenario_summary s = good();
  s.interrupted = true;
  const std::string text = table(small_plan(), {s});
  CHECK_THAT(text, Contains("P95 under 2 s                     stopped\n") && !Contains("PASS"));
  CHECK_THAT(text, Contains("cached: interrupted with 2 done\n"));
  const boost::json::object report = boost::json::parse(to_json(small_plan(), {s})).as_object();
  CHECK_FALSE(report.at("passed").as_bool());
  CHECK(report.at("scenarios").as_array()[0].as_object().at("interrupted").as_bool());
}
