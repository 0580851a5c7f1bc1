// What a Prometheus scraper reads.
#include <catch2/catch.hpp>

#include <limits>

#include "tests/support/company_fixture.hpp"
#include "tests/support/metrics_numbers.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

sink_record finished(const std::string& model = "tiny") {
  sink_record out;
  out.model = model;
  out.finish = finish_reason::stop;
  out.usage = {10, 5};
  out.queued = 20ms;
  out.time_to_first_token = 400ms;
  out.latency = 2s;
  return out;
}

sink_record failed(failure_code code) {
  sink_record out;
  out.model = "tiny";
  out.result = outcome::failed;
  out.code = code;
  return out;
}

double ended(const prometheus_page& page) {
  return page.value("troupe_requests_finished_total") + page.sum("troupe_requests_failed_total") +
    page.sum("troupe_requests_cancelled_total");
}

/// Every bucket counts what the smaller ones count, and the largest counts all.
void check_histogram(const prometheus_page& page, const std::string& name) {
  INFO(name);
  std::map<label_map, std::pair<double, double>> last;
  for (auto x : page.all(name + "_bucket")) {
    const auto text = x.labels.at("le");
    x.labels.erase("le");
    const double bound = text == "+Inf" ? std::numeric_limits<double>::infinity() : std::stod(text);
    const auto [found, fresh] = last.try_emplace(x.labels, bound, x.value);
    if (!fresh) {
      CHECK(bound > found->second.first);
      CHECK(x.value >= found->second.second);
    }
    found->second = {bound, x.value};
  }
  REQUIRE_FALSE(last.empty());
  for (const auto& [labels, x] : last) {
    CHECK(x.first == std::numeric_limits<double>::infinity());
    CHECK(x.second == page.value(name + "_count", labels));
    CHECK(page.value(name + "_sum", labels) >= 0);
  }
}

} // namespace

TEST_CASE("a page holds by the text format, and every name is there before anything has happened") {
  const auto page = metrics_numbers{}.read();
  for (const auto& [name, type] : page.types) {
    INFO(name << " is a " << type);
    CHECK((type == "counter" || type == "gauge" || type == "histogram"));
    CHECK((type == "counter") == name.ends_with("_total"));
    CHECK((name.starts_with("vllm:") || name.starts_with("troupe_")));
  }
  for (const auto* name : {"vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:kv_cache_usage_perc",
         "vllm:prompt_tokens_total", "vllm:generation_tokens_total", "vllm:num_preemptions_total",
         "vllm:prefix_cache_queries_total", "vllm:prefix_cache_hits_total"}) {
    INFO(name);
    CHECK(page.value(name, {{"model_name", "tiny"}}) == 0);
  }
  CHECK(page.all("vllm:request_success_total").size() == 2);
  CHECK(page.all("troupe_requests_failed_total").size() == 10);
  CHECK(page.value("troupe_uptime_seconds") == 5);
  CHECK(page.all("troupe_build_info").at(0).labels.at("version").size() > 2);
}

TEST_CASE("histograms are cumulative, and a value that equals a bound is within it") {
  metrics_numbers x;
  for (int i = 0; i < 3; ++i)
    x.take(finished());
  x.take(step_record{0, 30ms, 4, 100, 3, 4, 20});
  const auto page = x.read();
  for (const auto& [name, type] : page.types)
    if (type == "histogram")
      check_histogram(page, name);
  CHECK(page.value("vllm:e2e_request_latency_seconds_count") == 3);
  CHECK(page.value("vllm:e2e_request_latency_seconds_sum") == Approx(6));
  CHECK(page.value("vllm:e2e_request_latency_seconds_bucket", {{"le", "2"}}) == 3);
  CHECK(page.value("vllm:e2e_request_latency_seconds_bucket", {{"le", "1.5"}}) == 0);
  CHECK(page.value("vllm:time_to_first_token_seconds_sum") == Approx(1.2));
  CHECK(page.value("vllm:request_queue_time_seconds_count") == 3);
  CHECK(page.value("vllm:time_per_output_token_seconds_sum") == Approx(1.2));
  // One step is one gap for each sequence that decoded in it.
  CHECK(page.value("vllm:inter_token_latency_seconds_count") == 3);
  CHECK(page.value("vllm:inter_token_latency_seconds_sum") == Approx(0.09));
  CHECK(page.value("vllm:inter_token_latency_seconds_bucket", {{"le", "0.03"}}) == 3);
  CHECK(page.value("troupe_worker_step_seconds_count", {{"worker", "0"}, {"device", "cpu"}}) == 1);
}

TEST_CASE("tokens are counted by expert, and a model without experts has no such number") {
  metrics_numbers x;
  CHECK(x.read().all("troupe_expert_tokens_total").empty());
  step_record step{0, 30ms, 4, 100, 3, 4, 20};
  step.expert_tokens = {5, 0, 7};
  x.take(step);
  x.take(step);
  const auto page = x.read();
  CHECK(page.all("troupe_expert_tokens_total").size() == 3);
  CHECK(page.value("troupe_expert_tokens_total", {{"expert", "0"}}) == 10);
  CHECK(page.value("troupe_expert_tokens_total", {{"expert", "1"}}) == 0);
  CHECK(page.value("troupe_expert_tokens_total", {{"expert", "2"}}) == 14);
}

TEST_CASE("the objective is a bucket's bound, whatever it is") {
  const metrics_page page{1234ms};
  metrics_page own{1234ms};
  own.take(worker_ready{0, "tiny", "cpu", "float32", 8, 64, 16, 512, 1, 2});
  const prometheus_page read{own.text({})};
  CHECK(read.value("vllm:e2e_request_latency_seconds_bucket", {{"le", "1.234"}}) == 0);
}

TEST_CASE("ends are counted by reason and by how the answer ended") {
  metrics_numbers x;
  x.take(finished());
  auto cut = finished();
  cut.finish = finish_reason::length;
  cut.cache = cache_state::coalesced;
  x.take(cut);
  auto hit = finished();
  hit.cache = cache_state::hit;
  x.take(hit);
  x.take(failed(failure_code::queue_full));
  x.take(failed(failure_code::deadline_exceeded));
  auto gone = finished();
  gone.result = outcome::cancelled;
  gone.why = detach_reason::slow_reader;
  x.take(gone);
  x.board.request_started();
  const auto page = x.read();
  CHECK(page.value("vllm:request_success_total", {{"finished_reason", "stop"}}) == 2);
  CHECK(page.value("vllm:request_success_total", {{"finished_reason", "length"}}) == 1);
  CHECK(page.value("troupe_requests_failed_total", {{"reason", "queue_full"}}) == 1);
  CHECK(page.value("troupe_requests_failed_total", {{"reason", "deadline_exceeded"}}) == 1);
  CHECK(page.sum("troupe_requests_failed_total") == 2);
  CHECK(page.value("troupe_requests_cancelled_total", {{"reason", "slow_reader"}}) == 1);
  CHECK(page.value("troupe_requests_live") == 1);
  CHECK(page.value("troupe_requests_started_total") == ended(page) + 1);
  CHECK(page.value("troupe_response_cache_requests_total", {{"result", "hit"}}) == 1);
  CHECK(page.value("troupe_response_cache_requests_total", {{"result", "coalesced"}}) == 1);
  // A hit waited for nothing and had all its tokens at once; who joined had not all of a token's time.
  CHECK(page.value("vllm:request_queue_time_seconds_count") == 4);
  CHECK(page.value("vllm:time_per_output_token_seconds_count") == 1);
  CHECK(page.value("vllm:generation_tokens_total") == 20);
}

TEST_CASE("a name that no worker holds never becomes a label") {
  metrics_numbers x;
  x.take(finished("a client's \"words\"\n"));
  x.take(finished("more of them"));
  const auto page = x.read();
  CHECK(page.value("vllm:prompt_tokens_total", {{"model_name", "other"}}) == 20);
  CHECK(page.all("vllm:prompt_tokens_total").size() == 2);
}

TEST_CASE("every model has numbers of its own: what runs, what waits, its tokens and its times") {
  metrics_numbers x;
  x.take(worker_status{1, "cpu", "mini", "float32", worker_state::ready, "", {}, 0});
  x.take(finished("tiny"));
  x.take(finished("mini"));
  x.take(finished("mini"));
  x.board.take(scheduler_load{3, 4, {{"mini", 3, 0}, {"tiny", 0, 4}}}, x.start);
  const auto page = x.read();
  const label_map tiny{{"model_name", "tiny"}};
  const label_map mini{{"model_name", "mini"}};
  CHECK(page.value("vllm:num_requests_running", tiny) == 4);
  CHECK(page.value("vllm:num_requests_waiting", tiny) == 0);
  CHECK(page.value("vllm:num_requests_running", mini) == 0);
  CHECK(page.value("vllm:num_requests_waiting", mini) == 3);
  CHECK(page.value("vllm:generation_tokens_total", tiny) == 5);
  CHECK(page.value("vllm:generation_tokens_total", mini) == 10);
  CHECK(page.value("vllm:e2e_request_latency_seconds_count", mini) == 2);
}

TEST_CASE("a worker is in one state, and leaves the page when it is gone for good") {
  metrics_numbers x;
  x.take(step_record{0, 10ms, 4, 100, 3, 4, 16, 2, 50, 20});
  x.take(worker_gone{0, true});
  x.take(worker_status{0, "cpu", "tiny", "float32", worker_state::restarting, "why", {}, 2});
  auto page = x.read();
  CHECK(page.sum("troupe_worker_state") == 1);
  CHECK(page.value("troupe_worker_state", {{"state", "restarting"}, {"worker", "0"}, {"device", "cpu"}}) == 1);
  CHECK(page.value("troupe_worker_restarts_total") == 2);
  CHECK(page.value("troupe_worker_steps_total") == 1);
  CHECK(page.value("troupe_worker_rows_total") == 4);
  CHECK(page.value("troupe_worker_kv_blocks_used") == 16);
  CHECK(page.value("troupe_worker_kv_blocks") == 64);
  CHECK(page.value("vllm:kv_cache_usage_perc") == 0.25);
  x.take(worker_gone{0, false});
  page = x.read();
  CHECK(page.all("troupe_worker_state").empty());
  CHECK(page.types.count("troupe_worker_state") == 0);
  // Totals never go back.
  CHECK(page.value("vllm:num_preemptions_total") == 2);
  CHECK(page.value("vllm:prefix_cache_queries_total") == 50);
  CHECK(page.value("vllm:prefix_cache_hits_total") == 20);
}

TEST_CASE("what came in is what ended and what lives, whenever the company is looked at") {
  for (std::size_t moment = 0; moment < 200; moment += 5) {
    INFO("after " << moment << " messages");
    company_fixture it{moment % 7};
    it.submit(1, it.ask_for("same", 10));
    it.submit(2, it.ask_for("same", 10));
    it.submit(3, it.ask_for(std::string("bad") + poison, 10));
    it.run_some(moment);
    it.detach(2);
    it.submit(4, it.ask_for("same", 10));
    it.run_some(moment / 2);
    auto pending = it.self->request(it.actors.metrics, caf::infinite, expose_atom_v);
    it.run();
    pending.receive(
      [](const std::string& text) {
        const prometheus_page page{text};
        CHECK(page.value("troupe_requests_started_total") == ended(page) + page.value("troupe_requests_live"));
        CHECK(page.sum("vllm:request_success_total") == page.value("troupe_requests_finished_total"));
      },
      [](const caf::error&) { FAIL("no page"); });
    const prometheus_page last{it.ask<std::string>(it.actors.metrics, expose_atom_v)};
    CHECK(last.value("troupe_requests_started_total") == 4);
    CHECK(last.value("troupe_requests_live") == 0);
    CHECK(last.value("vllm:num_requests_running", {{"model_name", "tiny"}}) == 0);
    CHECK(last.all("troupe_worker_steps_total").size() == 2);
    it.check_rest(4);
  }
}
