// Every message of the company: its type id, and how it is written to the wire.
#pragma once

#include <caf/all.hpp>

#include "actors/protocol/errors.hpp"
#include "actors/protocol/types.hpp"

CAF_BEGIN_TYPE_ID_BLOCK(troupe, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(troupe, (troupe::sequence_key))
CAF_ADD_TYPE_ID(troupe, (troupe::failure))
CAF_ADD_TYPE_ID(troupe, (troupe::chat_message))
CAF_ADD_TYPE_ID(troupe, (troupe::generation_params))
CAF_ADD_TYPE_ID(troupe, (troupe::native_request))
CAF_ADD_TYPE_ID(troupe, (troupe::token_usage))
CAF_ADD_TYPE_ID(troupe, (troupe::token_logprob))
CAF_ADD_TYPE_ID(troupe, (troupe::answer_started))
CAF_ADD_TYPE_ID(troupe, (troupe::answer_text))
CAF_ADD_TYPE_ID(troupe, (troupe::answer_finished))
CAF_ADD_TYPE_ID(troupe, (troupe::answer_failed))
CAF_ADD_TYPE_ID(troupe, (troupe::admitted_request))
CAF_ADD_TYPE_ID(troupe, (troupe::finished_answer))
CAF_ADD_TYPE_ID(troupe, (troupe::encode_request))
CAF_ADD_TYPE_ID(troupe, (troupe::encoded_prompt))
CAF_ADD_TYPE_ID(troupe, (troupe::placement_request))
CAF_ADD_TYPE_ID(troupe, (troupe::assignment))
CAF_ADD_TYPE_ID(troupe, (troupe::placement))
CAF_ADD_TYPE_ID(troupe, (troupe::sequence_tokens))
CAF_ADD_TYPE_ID(troupe, (troupe::sequence_failed))
CAF_ADD_TYPE_ID(troupe, (troupe::sequence_lost))
CAF_ADD_TYPE_ID(troupe, (troupe::step_report))
CAF_ADD_TYPE_ID(troupe, (troupe::departure))
CAF_ADD_TYPE_ID(troupe, (troupe::room))
CAF_ADD_TYPE_ID(troupe, (troupe::worker_ready))
CAF_ADD_TYPE_ID(troupe, (troupe::worker_failed))
CAF_ADD_TYPE_ID(troupe, (troupe::sink_record))
CAF_ADD_TYPE_ID(troupe, (troupe::step_record))
CAF_ADD_TYPE_ID(troupe, (troupe::scheduler_load))
CAF_ADD_TYPE_ID(troupe, (troupe::cache_load))
CAF_ADD_TYPE_ID(troupe, (troupe::worker_status))
CAF_ADD_TYPE_ID(troupe, (troupe::company_status))
CAF_ADD_TYPE_ID(troupe, (troupe::distribution))
CAF_ADD_TYPE_ID(troupe, (troupe::worker_metrics))
CAF_ADD_TYPE_ID(troupe, (troupe::count_by_name))
CAF_ADD_TYPE_ID(troupe, (troupe::metrics_snapshot))
CAF_ADD_TYPE_ID(troupe, (troupe::cache_state))
CAF_ADD_TYPE_ID(troupe, (troupe::detach_reason))

CAF_ADD_ATOM(troupe, troupe, submit_atom, "submit")
CAF_ADD_ATOM(troupe, troupe, detach_atom, "detach")
CAF_ADD_ATOM(troupe, troupe, placed_atom, "placed")
CAF_ADD_ATOM(troupe, troupe, ended_atom, "ended")
CAF_ADD_ATOM(troupe, troupe, tick_atom, "tick")
CAF_ADD_ATOM(troupe, troupe, drain_atom, "drain")
CAF_ADD_ATOM(troupe, troupe, attach_atom, "attach")
CAF_ADD_ATOM(troupe, troupe, release_atom, "release")
CAF_ADD_ATOM(troupe, troupe, lookup_atom, "lookup")
CAF_ADD_ATOM(troupe, troupe, finished_atom, "finished")
CAF_ADD_ATOM(troupe, troupe, clear_atom, "clear")
CAF_ADD_ATOM(troupe, troupe, register_atom, "register")
CAF_ADD_ATOM(troupe, troupe, unregister_atom, "unregister")
CAF_ADD_ATOM(troupe, troupe, remove_atom, "remove")
CAF_ADD_ATOM(troupe, troupe, step_atom, "step")
CAF_ADD_ATOM(troupe, troupe, cancel_atom, "cancel")
CAF_ADD_ATOM(troupe, troupe, gone_atom, "gone")
CAF_ADD_ATOM(troupe, troupe, restart_atom, "restart")
CAF_ADD_ATOM(troupe, troupe, status_atom, "status")
CAF_ADD_ATOM(troupe, troupe, snapshot_atom, "snapshot")
CAF_END_TYPE_ID_BLOCK(troupe)

namespace troupe::engine {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sampling_params& x) {
  return f(caf::meta::type_name("sampling_params"), x.temperature, x.top_k, x.top_p, x.min_p, x.seed, x.logprobs);
}

} // namespace troupe::engine

namespace troupe {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sequence_key& x) {
  return f(caf::meta::type_name("sequence_key"), x.run, x.choice);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, failure& x) {
  return f(caf::meta::type_name("failure"), x.code, x.message, x.param, x.retry_after);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, chat_message& x) {
  return f(caf::meta::type_name("chat_message"), x.role, x.content);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, generation_params& x) {
  return f(caf::meta::type_name("generation_params"), x.max_tokens, x.temperature, x.top_p, x.min_p, x.top_k,
    x.has_seed, x.seed, x.stop, x.ignore_eos, x.logprobs, x.choices);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, native_request& x) {
  return f(caf::meta::type_name("native_request"), x.request_id, x.endpoint, x.kind, x.model, x.adapter, x.tenant,
    x.form, x.messages, x.prompt, x.prompt_tokens, x.params, x.trim_to_tokens, x.trimmed_messages, x.priority, x.cache,
    x.timeout);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, token_usage& x) {
  return f(caf::meta::type_name("token_usage"), x.prompt_tokens, x.completion_tokens);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, token_logprob& x) {
  return f(caf::meta::type_name("token_logprob"), x.token, x.bytes, x.logprob_bits);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, answer_started& x) {
  return f(caf::meta::type_name("answer_started"), x.sink, x.run, x.cache, x.usage);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, answer_text& x) {
  return f(caf::meta::type_name("answer_text"), x.sink, x.choice, x.text, x.tokens, x.finish);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, answer_finished& x) {
  return f(
    caf::meta::type_name("answer_finished"), x.sink, x.usage, x.truncated_messages, x.time_to_first_token, x.latency);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, answer_failed& x) {
  return f(caf::meta::type_name("answer_failed"), x.sink, x.reason);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, admitted_request& x) {
  return f(caf::meta::type_name("admitted_request"), x.run, x.request, x.may_start, x.refusal);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, finished_answer::choice& x) {
  return f(caf::meta::type_name("finished_answer_choice"), x.text, x.tokens, x.finish);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, finished_answer& x) {
  return f(caf::meta::type_name("finished_answer"), x.choices, x.usage, x.truncated_messages);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, encode_request& x) {
  return f(caf::meta::type_name("encode_request"), x.run, x.request);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, encoded_prompt& x) {
  return f(caf::meta::type_name("encoded_prompt"), x.run, x.tokens, x.truncated_messages, x.ok, x.reason);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, placement_request& x) {
  return f(caf::meta::type_name("placement_request"), x.key, x.kind, x.model, x.adapter, x.tenant_salt, x.tokens,
    x.prompt_tokens, x.max_tokens, x.sampling, x.ignore_eos, x.priority, x.waited);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, assignment& x) {
  return f(caf::meta::type_name("assignment"), x.work, x.epoch, x.number, x.rank);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, placement& x) {
  return f(caf::meta::type_name("placement"), x.key, x.epoch, x.worker);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sequence_tokens& x) {
  return f(
    caf::meta::type_name("sequence_tokens"), x.key, x.epoch, x.first_position, x.tokens, x.logprob_bits, x.finish);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sequence_failed& x) {
  return f(caf::meta::type_name("sequence_failed"), x.key, x.epoch, x.reason);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sequence_lost& x) {
  return f(caf::meta::type_name("sequence_lost"), x.key, x.epoch);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, step_report& x) {
  return f(caf::meta::type_name("step_report"), x.worker, x.tokens, x.failed);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, departure& x) {
  return f(caf::meta::type_name("departure"), x.key, x.epoch, x.reason);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, room& x) {
  return f(caf::meta::type_name("room"), x.worker, x.last_admit_seen, x.free_slots, x.free_blocks, x.left);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, worker_ready& x) {
  return f(caf::meta::type_name("worker_ready"), x.worker, x.model, x.device, x.dtype, x.slots, x.blocks, x.block_size,
    x.context, x.weight_bytes, x.kv_bytes);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, worker_failed& x) {
  return f(caf::meta::type_name("worker_failed"), x.worker, x.reason, x.retry);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sink_record& x) {
  return f(caf::meta::type_name("sink_record"), x.request_id, x.endpoint, x.model, x.run, x.cache, x.result, x.code,
    x.why, x.usage, x.queued, x.time_to_first_token, x.latency);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, step_record& x) {
  return f(caf::meta::type_name("step_record"), x.worker, x.duration, x.rows, x.prefill_tokens, x.decode_tokens,
    x.resident, x.blocks_used);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, scheduler_load& x) {
  return f(caf::meta::type_name("scheduler_load"), x.waiting, x.running);
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
  return f(caf::meta::type_name("company_status"), x.workers);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, distribution& x) {
  return f(caf::meta::type_name("distribution"), x.count, x.mean, x.min, x.max, x.p50, x.p95, x.p99);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, worker_metrics& x) {
  return f(caf::meta::type_name("worker_metrics"), x.worker, x.device, x.resident, x.slots, x.blocks_used, x.blocks,
    x.steps, x.step_time, x.mean_rows, x.prefill_tokens, x.decode_tokens);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, count_by_name& x) {
  return f(caf::meta::type_name("count_by_name"), x.name, x.count);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, metrics_snapshot& x) {
  return f(caf::meta::type_name("metrics_snapshot"), x.uptime, x.total_requests, x.successful_requests,
    x.failed_requests, x.cancelled_requests, x.failures, x.cache_hits, x.cache_misses, x.cache_coalesced,
    x.cache_bypasses, x.cache_hit_rate, x.cache, x.latency, x.time_to_first_token, x.queue_time, x.requests_running,
    x.requests_waiting, x.prompt_tokens, x.completion_tokens, x.tokens_per_second, x.meets_sla, x.objective_seconds,
    x.objective_window_seconds, x.workers);
}

} // namespace troupe
