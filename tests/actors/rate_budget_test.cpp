#include <catch2/catch.hpp>

#include "actors/rate_budget.hpp"

using namespace troupe;
using namespace std::chrono_literals;

namespace {

constexpr time_point start{1h};
const rate_limits ada{"ada", 6, 6000};

token_need exactly(std::uint64_t tokens) {
  return {tokens, tokens};
}

} // namespace

TEST_CASE("a bucket fills evenly and exactly, however often it is asked") {
  rate_bucket often{7, start};
  rate_bucket once{7, start};
  often.take(7);
  once.take(7);
  for (auto t = start; t <= start + 60s; t += 1234567ns)
    often.fill(t);
  often.fill(start + 59s);
  once.fill(start + 59s);
  CHECK(often.level() >= once.level());
  CHECK(once.level() == 6);
  CHECK(once.time_until(7) == 1s);
  once.fill(start + 60s);
  often.fill(start + 60s);
  CHECK(often.level() == 7);
  CHECK(once.level() == 7);
  once.fill(start + 10min);
  CHECK(once.level() == 7);
}

TEST_CASE("the time until there is enough is neither a nanosecond short nor long") {
  for (const std::uint32_t limit : {1u, 3u, 7u, 60u, 90'000u, rate_bucket::most_per_minute}) {
    rate_bucket bucket{limit, start};
    bucket.take(limit);
    bucket.fill(start + 17ns);
    const auto wait = bucket.time_until(1);
    INFO(limit);
    rate_bucket early = bucket;
    early.fill(start + 17ns + wait - 1ns);
    CHECK(early.level() == bucket.level());
    bucket.fill(start + 17ns + wait);
    CHECK(bucket.level() >= 1);
  }
}

TEST_CASE("a debt is paid before anything is left") {
  rate_bucket bucket{60, start};
  bucket.take(180);
  CHECK(bucket.level() == -120);
  CHECK(bucket.time_until(1) == 121s);
  bucket.fill(start + 120s);
  CHECK(bucket.level() == 0);
  bucket.fill(start + 10min);
  CHECK(bucket.level() == 60);
}

TEST_CASE("a limit that changes leaves used what was used") {
  rate_bucket bucket{60, start};
  bucket.take(50);
  bucket.set_limit(100, start);
  CHECK(bucket.level() == 50);
  bucket.set_limit(20, start);
  CHECK(bucket.level() == -30);
}

TEST_CASE("requests of a minute are counted, and one comes back every tenth second at six a minute") {
  rate_budget budget;
  for (sink_id sink = 1; sink <= 6; ++sink) {
    CHECK(budget.reserve(sink, ada, exactly(10), start).admitted);
    budget.settle(sink, 10, start);
  }
  const auto refused = budget.reserve(7, ada, exactly(10), start);
  CHECK_FALSE(refused.admitted);
  CHECK(refused.what == "requests");
  CHECK(refused.retry_after == 10s);
  CHECK_FALSE(budget.reserve(7, ada, exactly(10), start + 10s - 1ns).admitted);
  CHECK(budget.reserve(7, ada, exactly(10), start + 10s).admitted);
  CHECK_FALSE(budget.reserve(8, ada, exactly(10), start + 10s).admitted);
}

TEST_CASE("requests at once cannot spend the same tokens") {
  rate_budget budget;
  CHECK(budget.reserve(1, ada, exactly(4000), start).admitted);
  const auto refused = budget.reserve(2, ada, exactly(4000), start);
  CHECK_FALSE(refused.admitted);
  CHECK(refused.what == "tokens");
  CHECK(refused.needed == 4000);
  CHECK(refused.retry_after == 20s);
  CHECK(budget.standing("ada", start).remaining_requests == 5);
  // The first needed less than it had set aside.
  budget.settle(1, 500, start);
  CHECK(budget.standing("ada", start).remaining_tokens == 5500);
  CHECK(budget.reserve(2, ada, exactly(4000), start).admitted);
}

TEST_CASE("an open request takes what is left, one at a time, and its debt is paid first") {
  rate_budget budget;
  const token_need open{100, 8192};
  CHECK(budget.reserve(1, ada, open, start).admitted);
  CHECK(budget.standing("ada", start).remaining_tokens == 0);
  CHECK_FALSE(budget.reserve(2, ada, open, start).admitted);
  budget.settle(1, 7000, start);
  const auto refused = budget.reserve(2, ada, exactly(1), start);
  CHECK_FALSE(refused.admitted);
  CHECK(refused.retry_after == 10s + 10ms);
  CHECK(budget.reserve(2, ada, exactly(1), start + refused.retry_after).admitted);
}

TEST_CASE("what a key never has is refused without a time to come back") {
  rate_budget budget;
  const auto refused = budget.reserve(1, ada, exactly(6001), start);
  CHECK_FALSE(refused.admitted);
  CHECK(refused.retry_after == 0s);
  CHECK(budget.standing("ada", start).remaining_requests == 6);
}

TEST_CASE("a request that was not begun counts as nothing, and settling twice changes nothing") {
  rate_budget budget;
  budget.reserve(1, ada, exactly(1000), start);
  budget.cancel(1, start);
  budget.cancel(1, start);
  budget.settle(1, 5000, start);
  budget.settle(99, 5000, start);
  const auto standing = budget.standing("ada", start);
  CHECK(standing.remaining_requests == 6);
  CHECK(standing.remaining_tokens == 6000);
  CHECK(standing.reset_tokens == 0s);
}

TEST_CASE("a standing says limits, what is left and when all is there again") {
  rate_budget budget;
  budget.reserve(1, ada, exactly(3000), start);
  const auto standing = budget.standing("ada", start + 5s);
  CHECK(standing.limit_requests == 6);
  CHECK(standing.limit_tokens == 6000);
  CHECK(standing.remaining_requests == 5);
  CHECK(standing.remaining_tokens == 3500);
  CHECK(standing.reset_requests == 5s);
  CHECK(standing.reset_tokens == 25s);
}

TEST_CASE("a limit of zero is no limit, and each key has its own") {
  rate_budget budget;
  const rate_limits requests_only{"a", 1, 0};
  const rate_limits tokens_only{"b", 0, 100};
  CHECK(budget.reserve(1, requests_only, exactly(1'000'000), start).admitted);
  CHECK_FALSE(budget.reserve(2, requests_only, exactly(1), start).admitted);
  for (sink_id sink = 10; sink < 20; ++sink)
    CHECK(budget.reserve(sink, tokens_only, exactly(10), start).admitted);
  CHECK_FALSE(budget.reserve(20, tokens_only, exactly(1), start).admitted);
}

TEST_CASE("the number of keys is bounded: those that used nothing lately are forgotten, and their books hold no more") {
  rate_budget budget{3};
  for (const auto* name : {"a", "b", "c", "d"}) {
    budget.reserve(1, {name, 1, 0}, exactly(1), start);
    budget.settle(1, 1, start);
  }
  CHECK(budget.keys() == 3);
  CHECK_FALSE(budget.reserve(1, {"d", 1, 0}, exactly(1), start).admitted);
  CHECK(budget.reserve(1, {"e", 1, 0}, exactly(1), start + 1min).admitted);
  CHECK(budget.keys() == 1);
}

TEST_CASE("a request needs its prompt and what each choice may have") {
  native_request request;
  request.form = prompt_form::text;
  request.prompt = "ten bytes!";
  request.params.max_tokens = 16;
  request.params.choices = 2;
  CHECK(need_of(request, 0).least == 3 + 32);
  CHECK(need_of(request, 0).most == 3 + 32);
  request.form = prompt_form::tokens;
  request.prompt_tokens = {1, 2, 3, 4, 5};
  CHECK(need_of(request, 0).least == 5 + 32);
  request.params.max_tokens = 0;
  request.params.choices = 1;
  CHECK(need_of(request, 100).least == 6);
  CHECK(need_of(request, 100).most == 100);
  CHECK(need_of(request, 0).most > 1'000'000'000);
}
