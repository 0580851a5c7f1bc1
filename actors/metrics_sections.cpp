#include "actors/metrics_sections.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

#include "actors/protocol/names.hpp"

namespace troupe {

namespace {

// Every reason and state has its series from the first page on, so that a rate sees the first event.
constexpr std::array failure_codes{failure_code::invalid_request, failure_code::context_length_exceeded,
  failure_code::model_not_found, failure_code::queue_full, failure_code::rate_limited, failure_code::draining,
  failure_code::no_worker, failure_code::deadline_exceeded, failure_code::slow_reader, failure_code::internal_error};
constexpr std::array cancel_reasons{detach_reason::client_gone, detach_reason::slow_reader};
constexpr std::array worker_states{worker_state::loading, worker_state::ready, worker_state::draining,
  worker_state::failed, worker_state::restarting, worker_state::unloaded};

std::uint64_t count_of(const std::vector<count_by_name>& counts, std::string_view name) {
  const auto found = std::find_if(counts.begin(), counts.end(), [&](const auto& x) { return x.name == name; });
  return found == counts.end() ? 0 : found->count;
}

template <class Reasons>
void add_reasons(metric_families& out, const std::vector<count_by_name>& counts, const Reasons& known) {
  for (const auto reason : known)
    out.value(count_of(counts, name(reason)), {{"reason", std::string{name(reason)}}});
}

metric_labels label_of(const std::string& model) {
  return {{"model_name", model}};
}

metric_labels labels_of(const worker_metrics& x) {
  return {{"worker", std::to_string(x.worker)}, {"device", x.device}};
}

/// One number of every model.
template <class Number>
void add_each(metric_families& out, const model_books& models, Number number) {
  for (const auto& [model, book] : models)
    out.value(number(book), label_of(model));
}

/// One histogram of every model.
template <class Which>
void add_histograms(metric_families& out, const model_books& models, Which which) {
  for (const auto& [model, book] : models)
    out.buckets(which(book), label_of(model));
}

/// One number of every worker.
template <class Number>
void add_each(metric_families& out, const metrics_snapshot& x, Number number) {
  for (const auto& worker : x.workers)
    out.value(number(worker), labels_of(worker));
}

model_load load_of(const std::string& model, const metrics_snapshot& x) {
  const auto found =
    std::find_if(x.models.begin(), x.models.end(), [&](const model_load& load) { return load.model == model; });
  return found == x.models.end() ? model_load{model, 0, 0} : *found;
}

/// The share of the KV blocks of a model's workers that are in use.
double kv_use(const std::string& model, const metrics_snapshot& x, const worker_books& workers) {
  double used = 0;
  double all = 0;
  for (const auto& worker : x.workers) {
    const auto book = workers.find(worker.worker);
    if (book == workers.end() || book->second.model != model)
      continue;
    used += worker.blocks_used;
    all += worker.blocks;
  }
  return all > 0 ? used / all : 0;
}

void add_latencies(metric_families& out, const model_books& models) {
  out.histogram("vllm:time_to_first_token_seconds", "From admission to the first token, of requests that had one.");
  add_histograms(
    out, models, [](const model_book& x) -> auto& { return x.first_token; });
  out.histogram("vllm:inter_token_latency_seconds", "Between two tokens of a sequence: the step that drew the second.");
  add_histograms(
    out, models, [](const model_book& x) -> auto& { return x.between_tokens; });
  out.histogram("vllm:time_per_output_token_seconds",
    "Mean time of a token after the first, per request that finished and was computed for itself.");
  add_histograms(
    out, models, [](const model_book& x) -> auto& { return x.per_token; });
  out.histogram("vllm:e2e_request_latency_seconds", "From admission to the end, of requests that finished.");
  add_histograms(
    out, models, [](const model_book& x) -> auto& { return x.request; });
  out.histogram("vllm:request_queue_time_seconds", "From admission to a place on a worker.");
  add_histograms(
    out, models, [](const model_book& x) -> auto& { return x.queued; });
}

void add_experts(metric_families& out, const model_books& models) {
  if (std::all_of(models.begin(), models.end(), [](const auto& entry) { return entry.second.expert_tokens.empty(); }))
    return;
  out.counter("troupe_expert_tokens_total", "Tokens that were sent to each expert, summed over the layers.");
  for (const auto& [model, book] : models)
    for (std::size_t i = 0; i < book.expert_tokens.size(); ++i)
      out.value(book.expert_tokens[i], {{"model_name", model}, {"expert", std::to_string(i)}});
}

void add_worker_states(metric_families& out, const metrics_snapshot& x) {
  out.gauge("troupe_worker_state", "1 for the state that a worker is in, 0 for the others.");
  for (const auto& worker : x.workers)
    for (const auto state : worker_states) {
      auto labels = labels_of(worker);
      labels.push_back({"state", std::string{name(state)}});
      out.value(worker.state == state ? 1 : 0, std::move(labels));
    }
}

} // namespace

void add_requests(metric_families& out, const metrics_snapshot& x) {
  out.counter("troupe_requests_started_total", "Requests that came in.").value(x.started_requests);
  out.counter("troupe_requests_finished_total", "Requests that got their whole answer.").value(x.successful_requests);
  out.counter("troupe_requests_failed_total", "Requests that failed or were refused, by reason.");
  add_reasons(out, x.failures, failure_codes);
  out.counter("troupe_requests_cancelled_total", "Requests whose client went away or read too slowly.");
  add_reasons(out, x.cancellations, cancel_reasons);
  out.gauge("troupe_requests_live", "Requests that came in and have not ended.").value(x.live_requests);
}

void add_models(
  metric_families& out, const metrics_snapshot& x, const model_books& models, const worker_books& workers) {
  const auto add_loads = [&](auto number) {
    for (const auto& [model, book] : models)
      out.value(number(load_of(model, x)), label_of(model));
  };
  out.gauge("vllm:num_requests_running", "Sequences that have a place on a worker.");
  add_loads([](const model_load& load) { return load.running; });
  out.gauge("vllm:num_requests_waiting", "Sequences that wait for a place.");
  add_loads([](const model_load& load) { return load.waiting; });
  out.gauge("vllm:kv_cache_usage_perc", "Share of the KV cache's blocks in use; 1 is all of them.");
  for (const auto& [model, book] : models)
    out.value(kv_use(model, x, workers), label_of(model));
  out.counter("vllm:prompt_tokens_total", "Prompt tokens of requests that ended.");
  add_each(out, models, [](const model_book& book) { return book.prompt_tokens; });
  out.counter("vllm:generation_tokens_total", "Tokens of the answers of requests that ended.");
  add_each(out, models, [](const model_book& book) { return book.generation_tokens; });
  out.counter("vllm:request_success_total", "Requests that finished, by how their answer ended.");
  for (const auto& [model, book] : models) {
    out.value(book.stopped, {{"model_name", model}, {"finished_reason", std::string{name(finish_reason::stop)}}});
    out.value(book.cut, {{"model_name", model}, {"finished_reason", std::string{name(finish_reason::length)}}});
  }
  out.counter("vllm:prefix_cache_queries_total", "Prompt tokens that were looked up in the KV cache.");
  add_each(out, models, [](const model_book& book) { return book.prefix_query_tokens; });
  out.counter("vllm:prefix_cache_hits_total", "Prompt tokens that the KV cache held already.");
  add_each(out, models, [](const model_book& book) { return book.prefix_hit_tokens; });
  out.counter("vllm:num_preemptions_total", "Sequences that gave way because KV blocks ran out, and began again.");
  add_each(out, models, [](const model_book& book) { return book.evicted; });
  add_experts(out, models);
  add_latencies(out, models);
}

void add_workers(metric_families& out, const metrics_snapshot& x, const worker_books& workers) {
  using m = worker_metrics;
  add_worker_states(out, x);
  out.counter("troupe_worker_restarts_total", "Times that a successor was started.");
  add_each(out, x, [](const m& worker) { return worker.restarts; });
  out.counter("troupe_worker_steps_total", "Steps that ended.");
  add_each(out, x, [](const m& worker) { return worker.steps; });
  out.histogram("troupe_worker_step_seconds", "Duration of a step.");
  for (const auto& worker : x.workers)
    if (const auto book = workers.find(worker.worker); book != workers.end())
      out.buckets(book->second.step, labels_of(worker));
  out.counter("troupe_worker_rows_total", "Rows of all steps: over the steps it is the batch that a step had.");
  for (const auto& worker : x.workers)
    if (const auto book = workers.find(worker.worker); book != workers.end())
      out.value(book->second.rows, labels_of(worker));
  out.counter("troupe_worker_prefill_tokens_total", "Prompt tokens that went through the model.");
  add_each(out, x, [](const m& worker) { return worker.prefill_tokens; });
  out.counter("troupe_worker_decode_tokens_total", "Answers' tokens that went through the model, one a step.");
  add_each(out, x, [](const m& worker) { return worker.decode_tokens; });
  out.counter("troupe_worker_evictions_total", "Sequences that gave way because KV blocks ran out.");
  add_each(out, x, [](const m& worker) { return worker.evicted; });
  out.gauge("troupe_worker_resident_sequences", "Sequences that the worker holds.");
  add_each(out, x, [](const m& worker) { return worker.resident; });
  out.gauge("troupe_worker_slots", "Sequences that it can hold.");
  add_each(out, x, [](const m& worker) { return worker.slots; });
  out.gauge("troupe_worker_kv_blocks_used", "KV blocks in use.");
  add_each(out, x, [](const m& worker) { return worker.blocks_used; });
  out.gauge("troupe_worker_kv_blocks", "KV blocks that there are.");
  add_each(out, x, [](const m& worker) { return worker.blocks; });
}

void add_cache(metric_families& out, const metrics_snapshot& x) {
  const auto result = [](cache_state state) { return metric_labels{{"result", std::string{name(state)}}}; };
  out.counter("troupe_response_cache_requests_total", "Requests by what the cache of finished answers had for them.")
    .value(x.cache_hits, result(cache_state::hit))
    .value(x.cache_misses, result(cache_state::miss))
    .value(x.cache_coalesced, result(cache_state::coalesced))
    .value(x.cache_bypasses, result(cache_state::bypass));
  out.gauge("troupe_response_cache_entries", "Finished answers that are kept.").value(x.cache.entries);
  out.gauge("troupe_response_cache_bytes", "Their bytes.").value(x.cache.bytes);
  out.counter("troupe_response_cache_evictions_total", "Answers that left for lack of room.").value(x.cache.evictions);
}

void add_company(metric_families& out, const metrics_snapshot& x) {
  out.gauge("troupe_objective_seconds", "The objective: the 95th percentile of latency stays under this.")
    .value(x.objective_seconds);
  out.gauge("troupe_objective_window_seconds", "The time that the objective looks back.")
    .value(x.objective_window_seconds);
  out.gauge("troupe_meets_sla", "1 while the objective is met, else 0.").value(x.meets_sla ? 1 : 0);
  out.gauge("troupe_stalled_seconds", "How long no step has ended although there is work.")
    .value(seconds_of(x.stalled));
  out.gauge("troupe_uptime_seconds", "How long the company has been there.").value(seconds_of(x.uptime));
  out.gauge("troupe_build_info", "1, with the program's version.").value(1, {{"version", TROUPE_VERSION}});
}

} // namespace troupe
