// How the values of operators.hpp are written to the wire.
#pragma once

#include <caf/meta/type_name.hpp>

#include "actors/protocol/inspect/request.hpp"
#include "actors/protocol/operators.hpp"

namespace troupe {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sink_record& x) {
  return f(caf::meta::type_name("sink_record"), x.request_id, x.endpoint, x.model, x.run, x.cache, x.result, x.code,
    x.why, x.finish, x.usage, x.queued, x.time_to_first_token, x.latency);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, step_record& x) {
  return f(caf::meta::type_name("step_record"), x.worker, x.duration, x.rows, x.prefill_tokens, x.decode_tokens,
    x.resident, x.blocks_used, x.evicted, x.prefix_query_tokens, x.prefix_hit_tokens, x.expert_tokens);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, model_load& x) {
  return f(caf::meta::type_name("model_load"), x.model, x.waiting, x.running);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, scheduler_load& x) {
  return f(caf::meta::type_name("scheduler_load"), x.waiting, x.running, x.models);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, cache_load& x) {
  return f(caf::meta::type_name("cache_load"), x.entries, x.bytes, x.evictions);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, worker_status& x) {
  return f(caf::meta::type_name("worker_status"), x.worker, x.device, x.model, x.dtype, x.state, x.reason, x.since,
    x.restarts);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, company_status& x) {
  return f(caf::meta::type_name("company_status"), x.workers, x.abandoned);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, order_result& x) {
  return f(caf::meta::type_name("order_result"), x.done, x.reason, x.refusal);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, reload_result& x) {
  return f(caf::meta::type_name("reload_result"), x.done, x.reason, x.started, x.draining, x.kept);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, distribution& x) {
  return f(caf::meta::type_name("distribution"), x.count, x.mean, x.min, x.max, x.p50, x.p95, x.p99);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, worker_metrics& x) {
  return f(caf::meta::type_name("worker_metrics"), x.worker, x.device, x.resident, x.slots, x.blocks_used, x.blocks,
    x.steps, x.step_time, x.mean_rows, x.prefill_tokens, x.decode_tokens, x.evicted, x.prefix_query_tokens,
    x.prefix_hit_tokens, x.state, x.restarts);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, count_by_name& x) {
  return f(caf::meta::type_name("count_by_name"), x.name, x.count);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, metrics_snapshot& x) {
  return f(caf::meta::type_name("metrics_snapshot"), x.uptime, x.started_requests, x.live_requests, x.total_requests,
    x.successful_requests, x.failed_requests, x.cancelled_requests, x.failures, x.cancellations, x.cache_hits,
    x.cache_misses, x.cache_coalesced, x.cache_bypasses, x.cache_hit_rate, x.cache, x.latency, x.time_to_first_token,
    x.queue_time, x.requests_running, x.requests_waiting, x.prompt_tokens, x.completion_tokens, x.tokens_per_second,
    x.meets_sla, x.objective_seconds, x.objective_window_seconds, x.stalled, x.workers, x.models);
}

} // namespace troupe
