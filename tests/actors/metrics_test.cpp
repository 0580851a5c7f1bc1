#include <catch2/catch.hpp>

#include "actors/metrics.hpp"
#include "tests/support/deterministic_system.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

constexpr time_point start{1h};

sink_record ended(outcome result, cache_state cache = cache_state::miss) {
  sink_record out;
  out.result = result;
  out.cache = cache;
  out.usage = {10, 5};
  out.queued = 1s;
  out.time_to_first_token = 2s;
  out.latency = 4s;
  return out;
}

sink_record failed(failure_code code) {
  auto out = ended(outcome::failed);
  out.code = code;
  out.usage = {};
  return out;
}

} // namespace

TEST_CASE("a percentile is the smallest sample that so many percent do not exceed") {
  sample_window window{60s, 1000};
  CHECK(window.summary(start).count == 0);
  for (int i = 100; i >= 1; --i)
    window.add(i, start);
  const auto x = window.summary(start);
  CHECK(x.count == 100);
  CHECK(x.min == 1);
  CHECK(x.max == 100);
  CHECK(x.mean == Approx(50.5));
  CHECK(x.p50 == 50);
  CHECK(x.p95 == 95);
  CHECK(x.p99 == 99);
  sample_window one{60s, 10};
  one.add(7, start);
  CHECK(one.summary(start).p50 == 7);
  CHECK(one.summary(start).p99 == 7);
}

TEST_CASE("samples leave the window by age and by number") {
  sample_window window{60s, 3};
  window.add(1, start);
  window.add(2, start + 30s);
  CHECK(window.summary(start + 60s).count == 2);
  CHECK(window.summary(start + 61s).count == 1);
  for (int i = 3; i < 10; ++i)
    window.add(i, start + 70s);
  CHECK(window.summary(start + 70s).count == 3);
  CHECK(window.summary(start + 70s).min == 7);
  CHECK(window.summary(start + 1h).count == 0);
}

TEST_CASE("a rate is over the last ten seconds, or over the time there was") {
  rate_window rate{start};
  CHECK(rate.per_second(start) == 0);
  for (int i = 0; i < 20; ++i)
    rate.add(5, start + i * 100ms);
  CHECK(rate.per_second(start + 2s) == Approx(50));
  CHECK(rate.per_second(start + 10s) == Approx(10));
  CHECK(rate.per_second(start + 30s) == 0);
}

TEST_CASE("what was counted is the sum of what succeeded, failed and was cancelled") {
  metrics_board board{{}, start};
  board.take(ended(outcome::finished), start);
  board.take(ended(outcome::finished, cache_state::hit), start);
  board.take(ended(outcome::cancelled, cache_state::coalesced), start);
  board.take(failed(failure_code::queue_full), start);
  board.take(failed(failure_code::queue_full), start);
  board.take(failed(failure_code::internal_error), start);
  const auto x = board.snapshot(start + 5s);
  CHECK(x.uptime == 5s);
  CHECK(x.total_requests == 6);
  CHECK(x.successful_requests == 2);
  CHECK(x.cancelled_requests == 1);
  CHECK(x.failed_requests == 3);
  REQUIRE(x.failures.size() == 2);
  CHECK(x.failures[0].name == "internal_error");
  CHECK(x.failures[1].name == "queue_full");
  CHECK(x.failures[1].count == 2);
  REQUIRE(x.cancellations.size() == 1);
  CHECK(x.cancellations[0].name == "client_gone");
  CHECK(x.prompt_tokens == 30);
  CHECK(x.completion_tokens == 15);
  CHECK(x.latency.count == 2);
  CHECK(x.latency.p95 == 4);
  CHECK(x.time_to_first_token.p50 == 2);
}

TEST_CASE("the hit rate leaves out what never asked the cache") {
  metrics_board board{{}, start};
  CHECK(board.snapshot(start).cache_hit_rate == 0);
  board.take(ended(outcome::finished, cache_state::miss), start);
  board.take(ended(outcome::finished, cache_state::hit), start);
  board.take(ended(outcome::finished, cache_state::coalesced), start);
  board.take(ended(outcome::finished, cache_state::hit), start);
  board.take(ended(outcome::finished, cache_state::bypass), start);
  board.take(failed(failure_code::queue_full), start);
  const auto x = board.snapshot(start);
  CHECK(x.cache_hit_rate == 0.5);
  CHECK(x.cache_hits == 2);
  CHECK(x.cache_misses == 1);
  CHECK(x.cache_coalesced == 1);
  CHECK(x.cache_bypasses == 1);
}

TEST_CASE("the objective holds while P95 over the window is under it, and when there is nothing to see") {
  metrics_options options;
  options.objective = 2s;
  options.window = 60s;
  metrics_board board{options, start};
  CHECK(board.snapshot(start).meets_sla);
  auto quick = ended(outcome::finished);
  quick.latency = 1s;
  for (int i = 0; i < 19; ++i)
    board.take(quick, start);
  board.take(ended(outcome::finished), start);
  CHECK(board.snapshot(start).meets_sla);
  board.take(ended(outcome::finished), start);
  CHECK_FALSE(board.snapshot(start).meets_sla);
  CHECK(board.snapshot(start + 61s).meets_sla);
  CHECK(board.snapshot(start).objective_seconds == 2);
  CHECK(board.snapshot(start).objective_window_seconds == 60);
}

TEST_CASE("a worker is shown with its last step and its totals") {
  metrics_board board{{}, start};
  board.take(worker_ready{3, "model", "cpu", "float32", 8, 64, 16, 512, 1, 2});
  board.take(step_record{3, 10ms, 4, 100, 3, 4, 20}, start);
  board.take(step_record{3, 30ms, 2, 0, 2, 2, 10}, start);
  const auto x = board.snapshot(start + 1s);
  REQUIRE(x.workers.size() == 1);
  CHECK(x.workers[0].worker == 3);
  CHECK(x.workers[0].device == "cpu");
  CHECK(x.workers[0].slots == 8);
  CHECK(x.workers[0].resident == 2);
  CHECK(x.workers[0].blocks == 64);
  CHECK(x.workers[0].blocks_used == 10);
  CHECK(x.workers[0].steps == 2);
  CHECK(x.workers[0].step_time.mean == Approx(0.02));
  CHECK(x.workers[0].mean_rows == Approx(3));
  CHECK(x.workers[0].prefill_tokens == 100);
  CHECK(x.workers[0].decode_tokens == 5);
  CHECK(x.tokens_per_second == Approx(5));
  board.take(worker_ready{3, "model", "cpu", "float32", 8, 64, 16, 512, 1, 2});
  CHECK(board.snapshot(start).workers[0].resident == 0);
  CHECK(board.snapshot(start).workers[0].steps == 2);
}

TEST_CASE("the company stalls while there is work and no step ends, and only then") {
  metrics_board board{{}, start};
  board.take(worker_status{0, "cpu", "m", "float32", worker_state::ready, "", {}, 0}, start);
  CHECK(board.snapshot(start + 1h).stalled == 0s);
  // From when the work came, not from the last step long ago.
  board.take(step_record{0, 10ms, 1, 0, 1, 0, 0}, start);
  board.take(scheduler_load{0, 1, {{"m", 0, 1}}}, start + 10s);
  CHECK(board.snapshot(start + 15s).stalled == 5s);
  board.take(scheduler_load{3, 1, {{"m", 3, 1}}}, start + 16s);
  CHECK(board.snapshot(start + 18s).stalled == 8s);
  // Any worker's step is progress.
  board.take(step_record{7, 10ms, 1, 0, 1, 1, 0}, start + 20s);
  CHECK(board.snapshot(start + 20s).stalled == 0s);
  CHECK(board.snapshot(start + 80s).stalled == 60s);
  board.take(scheduler_load{0, 0, {{"m", 0, 0}}}, start + 81s);
  CHECK(board.snapshot(start + 90s).stalled == 0s);
  // The next work is work of its own.
  board.take(scheduler_load{0, 1, {{"m", 0, 1}}}, start + 100s);
  CHECK(board.snapshot(start + 101s).stalled == 1s);
}

TEST_CASE("what waits for a worker that is not there is no stall") {
  metrics_board board{{}, start};
  const auto is = [&](worker_state state, time_point now) {
    board.take(worker_status{0, "cpu", "m", "float32", state, "", {}, 0}, now);
  };
  is(worker_state::loading, start);
  board.take(scheduler_load{2, 0, {{"m", 2, 0}}}, start);
  CHECK(board.snapshot(start + 1min).stalled == 0s);
  is(worker_state::ready, start + 1min);
  CHECK(board.snapshot(start + 2min).stalled == 1min);
  is(worker_state::failed, start + 2min);
  CHECK(board.snapshot(start + 3min).stalled == 0s);
  // What runs counts, whatever its worker says.
  board.take(scheduler_load{0, 1, {{"m", 0, 1}}}, start + 3min);
  CHECK(board.snapshot(start + 4min).stalled == 1min);
  board.take(worker_gone{0, false}, start + 4min);
  board.take(scheduler_load{1, 0, {{"m", 1, 0}}}, start + 4min);
  CHECK(board.snapshot(start + 5min).stalled == 0s);
}

TEST_CASE("what waits for a model is no stall while only another model has a worker") {
  metrics_board board{{}, start};
  board.take(worker_status{0, "cpu", "m", "float32", worker_state::ready, "", {}, 0}, start);
  board.take(worker_status{1, "cpu", "other", "float32", worker_state::loading, "", {}, 0}, start);
  board.take(scheduler_load{2, 0, {{"other", 2, 0}}}, start);
  CHECK(board.snapshot(start + 1min).stalled == 0s);
  board.take(worker_status{1, "cpu", "other", "float32", worker_state::ready, "", {}, 0}, start + 1min);
  CHECK(board.snapshot(start + 2min).stalled == 1min);
}

TEST_CASE("a log line says how a request went in one line, whatever its client sent as its name") {
  auto record = failed(failure_code::deadline_exceeded);
  record.request_id = "a b\n\"c\\\xff" + std::string(200, 'x');
  record.endpoint = "/v1/x";
  const auto line = log_line(record);
  CHECK(line.find("id=a?b??c??xxx") != std::string::npos);
  CHECK(line.find('\n') == std::string::npos);
  CHECK(line.size() < 400);
  CHECK(line.find("endpoint=/v1/x model=- ") != std::string::npos);
  CHECK(line.find("latency=4.000000") != std::string::npos);
  CHECK(line.find("outcome=failed reason=deadline_exceeded") != std::string::npos);
  CHECK(log_line(ended(outcome::finished)).ends_with("outcome=finished"));
}

TEST_CASE_METHOD(deterministic_system, "the metrics actor counts by its system's clock") {
  const auto board = spawn(metrics, metrics_options{});
  tell(board, ended(outcome::finished));
  tell(board, scheduler_load{3, 4, {{"tiny", 3, 4}}});
  tell(board, cache_load{5, 6, 7});
  advance(10s);
  const auto x = ask<metrics_snapshot>(board, snapshot_atom_v);
  CHECK(x.total_requests == 1);
  CHECK(x.uptime == 10s);
  CHECK(x.requests_waiting == 3);
  CHECK(x.requests_running == 4);
  CHECK(x.models == std::vector<model_load>{{"tiny", 3, 4}});
  CHECK(x.cache.entries == 5);
  advance(10min, 10min);
  CHECK(ask<metrics_snapshot>(board, snapshot_atom_v).latency.count == 0);
}
