#include <catch2/catch.hpp>

#include <functional>
#include <limits>

#include "bench/plan.hpp"

using namespace troupe::bench;

namespace {

options with(const std::function<void(options&)>& change) {
  options o;
  o.url = "http://localhost:8000";
  change(o);
  return o;
}

void refused(const std::function<void(options&)>& change, const std::string& message) {
  CHECK_THROWS_WITH(make_plan(with(change)), message);
}

} // namespace

TEST_CASE("an API key that would break its header is refused, and not shown") {
  CHECK(make_plan(with([](options& o) { o.api_key = "sk-1"; })).api_key == "sk-1");
  for (const char* key : {"a b", "a\r\nX: y", "\xC3\xA4"})
    refused([&](options& o) { o.api_key = key; }, "--api-key must be visible ASCII without spaces");
}

TEST_CASE("the defaults are a plan") {
  const plan p = make_plan(with([](options&) {}));
  CHECK(p.api == api_kind::own);
  CHECK(p.scenarios == std::vector{scenario::sequential, scenario::cached, scenario::concurrent});
  CHECK(p.requests == 20);
  CHECK(p.concurrency == 8);
  CHECK(p.objective == 2.0);
  CHECK(p.seed >= 0);
  CHECK(p.seed <= greatest_seed);
}

TEST_CASE("one scenario and one API can be named") {
  for (const scenario kind : {scenario::sequential, scenario::cached, scenario::concurrent})
    CHECK(make_plan(with([&](options& o) { o.scenario = name(kind); })).scenarios == std::vector{kind});
  CHECK(make_plan(with([](options& o) { o.api = "openai"; })).api == api_kind::openai);
}

TEST_CASE("an argument that does not hold is refused by option, limit and value") {
  refused([](options& o) { o.requests = 0; }, "--requests must be between 1 and 1000000, got 0");
  refused([](options& o) { o.requests = 1'000'001; }, "--requests must be between 1 and 1000000, got 1000001");
  refused([](options& o) { o.warmup = -1; }, "--warmup must be between 0 and 1000000, got -1");
  refused([](options& o) { o.concurrency = -3; }, "--concurrency must be between 1 and 1000, got -3");
  refused([](options& o) { o.max_tokens = 0; }, "--max-tokens must be between 1 and 1000000, got 0");
  refused([](options& o) { o.objective = 0; }, "--objective must be above 0 and at most 86400 seconds, got 0");
  refused([](options& o) { o.timeout = -0.5; }, "--timeout must be above 0 and at most 86400 seconds, got -0.5");
  refused([](options& o) { o.timeout = std::numeric_limits<double>::quiet_NaN(); },
    "--timeout must be above 0 and at most 86400 seconds, got nan");
  refused([](options& o) { o.seed = -1; }, "--seed must be between 0 and 999999, got -1");
  refused([](options& o) { o.api = "grpc"; }, "--api must be own or openai, got \"grpc\"");
  refused([](options& o) { o.scenario = "burst"; },
    "--scenario must be sequential, cached, concurrent or all, got \"burst\"");
}
