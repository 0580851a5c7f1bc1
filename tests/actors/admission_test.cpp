#include <catch2/catch.hpp>

#include "actors/admission.hpp"

using namespace troupe;
using namespace std::chrono_literals;

namespace {

constexpr time_point start{1h};

gateway_options small() {
  gateway_options out;
  out.max_waiting = 2;
  out.max_waiting_bytes = 100;
  out.max_live = 5;
  out.request_timeout = 10s;
  return out;
}

} // namespace

TEST_CASE("requests start until the queue is full, then may only join") {
  admission counts{small()};
  CHECK(counts.offer(1, 10, 0s, start) == admission_verdict::start);
  CHECK(counts.offer(2, 10, 0s, start) == admission_verdict::start);
  CHECK(counts.offer(3, 10, 0s, start) == admission_verdict::join_only);
  counts.ended(3, start);
  counts.placed(1);
  CHECK(counts.offer(4, 10, 0s, start) == admission_verdict::start);
}

TEST_CASE("the bytes that wait are bounded too") {
  admission counts{small()};
  CHECK(counts.offer(1, 90, 0s, start) == admission_verdict::start);
  CHECK(counts.offer(2, 20, 0s, start) == admission_verdict::join_only);
  CHECK(counts.waiting_bytes() == 110);
  counts.ended(2, start);
  counts.placed(1);
  CHECK(counts.waiting_bytes() == 0);
  CHECK(counts.offer(3, 100, 0s, start) == admission_verdict::start);
}

TEST_CASE("beyond the live limit a request is refused and not counted") {
  admission counts{small()};
  for (sink_id sink = 1; sink <= 5; ++sink) {
    counts.offer(sink, 1, 0s, start);
    counts.placed(sink);
  }
  CHECK(counts.offer(6, 1, 0s, start) == admission_verdict::refuse);
  CHECK(counts.live() == 5);
  CHECK(counts.ended(5, start));
  CHECK(counts.offer(6, 1, 0s, start) == admission_verdict::start);
}

TEST_CASE("placing twice and ending a stranger change nothing") {
  admission counts{small()};
  counts.offer(1, 10, 0s, start);
  counts.placed(1);
  counts.placed(1);
  counts.placed(9);
  CHECK(counts.waiting() == 0);
  CHECK_FALSE(counts.ended(9, start));
  CHECK(counts.ended(1, start));
  CHECK_FALSE(counts.ended(1, start));
  CHECK(counts.live() == 0);
}

TEST_CASE("the shorter of the two time limits counts, and each expiry is told once") {
  admission counts{small()};
  counts.offer(1, 1, 0s, start);
  counts.offer(2, 1, 3s, start);
  counts.offer(3, 1, 60s, start);
  CHECK(counts.expired(start + 2999ms).empty());
  CHECK(counts.expired(start + 3s) == std::vector<sink_id>{2});
  CHECK(counts.expired(start + 3s).empty());
  CHECK(counts.live() == 3);
  CHECK(counts.expired(start + 10s) == std::vector<sink_id>{1, 3});
}

TEST_CASE("without limits nothing expires") {
  auto options = small();
  options.request_timeout = 0s;
  admission counts{options};
  counts.offer(1, 1, 0s, start);
  counts.offer(2, 1, timespan::max(), start);
  CHECK(counts.expired(start + 1000h).empty());
}

TEST_CASE("a refused client is told to come back when the waiting ones will have ended") {
  gateway_options options;
  admission counts{options};
  CHECK(counts.retry_after(start) == 1s);
  // Sinks end every two seconds while ten wait.
  for (sink_id sink = 1; sink <= 14; ++sink)
    counts.offer(sink, 1, 0s, start);
  auto now = start;
  for (sink_id sink = 1; sink <= 4; ++sink) {
    counts.placed(sink);
    now += 2s;
    counts.ended(sink, now);
  }
  CHECK(counts.waiting() == 10);
  CHECK(counts.retry_after(now) == 20s);
  for (sink_id sink = 100; sink < 200; ++sink)
    counts.offer(sink, 1, 0s, now);
  CHECK(counts.retry_after(now) == 60s);
}

TEST_CASE("an idle hour does not make the company look slow") {
  admission counts{gateway_options{}};
  const auto serve = [&](sink_id sink, time_point now) {
    counts.offer(sink, 1, 0s, now);
    counts.placed(sink);
    counts.ended(sink, now);
  };
  serve(1, start);
  serve(2, start + 1h);
  for (sink_id sink = 10; sink < 20; ++sink)
    counts.offer(sink, 1, 0s, start + 1h);
  CHECK(counts.retry_after(start + 1h) == 1s);
}

TEST_CASE("places that are kept for others are not there for a newcomer") {
  admission counts{small()};
  CHECK(counts.offer(1, 10, 0s, start) == admission_verdict::start);
  CHECK(counts.offer(2, 10, 0s, start, 1) == admission_verdict::join_only);
  counts.ended(2, start);
  CHECK(counts.offer(3, 10, 0s, start, 0) == admission_verdict::start);
}

TEST_CASE("the pace is a guess until ends were seen, and ends that come together count as what they are") {
  admission counts{gateway_options{}};
  CHECK(counts.end_interval(start) == 250ms);
  for (sink_id sink = 1; sink <= 100; ++sink) {
    counts.offer(sink, 1, 0s, start);
    counts.placed(sink);
  }
  // Nothing has ended for three seconds: the company is no quicker than that.
  CHECK(counts.end_interval(start + 3s) == 3s);
  auto now = start;
  for (sink_id sink = 1; sink <= 90; sink += 2) {
    now += 4s;
    counts.ended(sink, now);
    counts.ended(sink + 1, now);
    CHECK(counts.end_interval(now) >= 1900ms);
    CHECK(counts.end_interval(now) <= 2100ms);
  }
  CHECK(counts.end_interval(now + 20min) > 10s);
}
