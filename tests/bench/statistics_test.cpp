#include <catch2/catch.hpp>

#include <numeric>

#include "bench/statistics.hpp"

using namespace troupe::bench;

namespace {

sample answered(double latency) {
  sample s;
  s.latency = latency;
  return s;
}

sample failed(const std::string& why) {
  sample s;
  s.latency = 100;
  s.failure = why;
  return s;
}

} // namespace

TEST_CASE("a percentile is the smallest value that enough values do not exceed") {
  std::vector<double> hundred(100);
  std::iota(hundred.begin(), hundred.end(), 1.0);
  CHECK(percentile(hundred, 50) == 50);
  CHECK(percentile(hundred, 95) == 95);
  CHECK(percentile(hundred, 99) == 99);
  CHECK(percentile(hundred, 100) == 100);
  CHECK(percentile(hundred, 0.1) == 1);

  const std::vector<double> five{15, 20, 35, 40, 50};
  CHECK(percentile(five, 30) == 20);
  CHECK(percentile(five, 40) == 20);
  CHECK(percentile(five, 50) == 35);
  CHECK(percentile(five, 95) == 50);
}

TEST_CASE("of twenty values the nineteenth is P95") {
  std::vector<double> twenty(20);
  std::iota(twenty.begin(), twenty.end(), 1.0);
  CHECK(percentile(twenty, 95) == 19);
  CHECK(percentile(twenty, 99) == 20);
}

TEST_CASE("a distribution does not depend on the order of its values") {
  const auto d = distribute({4, 1, 3, 2});
  REQUIRE(d);
  CHECK(d->average == 2.5);
  CHECK(d->median == 2.5);
  CHECK(d->p50 == 2);
  CHECK(d->p95 == 4);
  CHECK(d->min == 1);
  CHECK(d->max == 4);
  CHECK(distribute({3, 1, 2})->median == 2);
}

TEST_CASE("of one value everything is that value") {
  const auto d = distribute({0.25});
  REQUIRE(d);
  for (const double x : {d->average, d->median, d->p50, d->p95, d->p99, d->min, d->max})
    CHECK(x == 0.25);
}

TEST_CASE("no value has no distribution") {
  CHECK_FALSE(distribute({}));
  const scenario_summary s = summarize({}, 2);
  CHECK(s.total == 0);
  CHECK_FALSE(s.latency);
  CHECK(s.requests_per_second == 0);
  CHECK_FALSE(s.meets_objective);
}

TEST_CASE("failed requests are counted, and their times are not") {
  const scenario_summary s =
    summarize({scenario::concurrent, 2, 4, {answered(1), failed("b"), answered(1.5), failed("a"), failed("b")}}, 2);
  CHECK(s.total == 5);
  CHECK(s.successful == 2);
  CHECK(s.failed == 3);
  CHECK(s.latency->max == 1.5);
  CHECK(s.requests_per_second == 0.5);
  CHECK(s.meets_objective);
  CHECK(s.failures == std::vector<std::pair<std::string, std::size_t>>{{"b", 2}, {"a", 1}});
  CHECK_FALSE(passed({s}));
}

TEST_CASE("tokens and cache hits are counted where they are known") {
  sample miss = answered(1), hit = answered(0.1), silent = answered(1);
  miss.tokens = 30;
  miss.first_token = 0.2;
  miss.cache_hit = false;
  hit.tokens = 10;
  hit.cache_hit = true;
  const scenario_summary s = summarize({scenario::cached, 1, 2, {miss, hit, silent}}, 2);
  CHECK(s.tokens == 40);
  CHECK(s.tokens_per_second == 20.0);
  CHECK(s.cache_hit_rate == 0.5);
  CHECK(s.first_token->max == 0.2);

  const scenario_summary unknown = summarize({scenario::cached, 1, 2, {silent}}, 2);
  CHECK_FALSE(unknown.tokens);
  CHECK_FALSE(unknown.tokens_per_second);
  CHECK_FALSE(unknown.cache_hit_rate);
  CHECK_FALSE(unknown.first_token);
}

TEST_CASE("the objective is met below it, not at it") {
  const auto met = [](double latency) { return summarize({scenario::sequential, 1, 1, {answered(latency)}}, 2); };
  CHECK(met(1.999).meets_objective);
  CHECK_FALSE(met(2).meets_objective);
  CHECK(passed({met(1), met(1.5)}));
  CHECK_FALSE(passed({met(1), met(3)}));
}
