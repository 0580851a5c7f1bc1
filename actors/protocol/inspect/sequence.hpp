// How the values of sequence.hpp are written to the wire.
#pragma once

#include <caf/meta/type_name.hpp>

#include "actors/protocol/inspect/request.hpp"
#include "actors/protocol/sequence.hpp"

namespace troupe::engine {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sampling_params& x) {
  return f(caf::meta::type_name("sampling_params"), x.temperature, x.top_k, x.top_p, x.min_p, x.presence_penalty,
    x.frequency_penalty, x.repetition_penalty, x.logit_bias, x.seed, x.logprobs, x.top_logprobs);
}

} // namespace troupe::engine

namespace troupe {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, placement_request& x) {
  return f(caf::meta::type_name("placement_request"), x.key, x.kind, x.model, x.adapter, x.tenant_salt, x.tokens,
    x.prompt_tokens, x.pool, x.max_tokens, x.sampling, x.ignore_eos, x.score_prompt, x.grammar, x.grammar_source,
    x.priority, x.waited, x.strikes);
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
typename Inspector::result_type inspect(Inspector& f, token_score& x) {
  return f(caf::meta::type_name("token_score"), x.logprob_bits, x.top, x.top_bits);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sequence_tokens& x) {
  return f(caf::meta::type_name("sequence_tokens"), x.key, x.epoch, x.first_position, x.tokens, x.scores, x.finish);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, prompt_scores& x) {
  return f(caf::meta::type_name("prompt_scores"), x.key, x.epoch, x.first_position, x.scores);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sequence_embedding& x) {
  return f(caf::meta::type_name("sequence_embedding"), x.key, x.epoch, x.values);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sequence_failed& x) {
  return f(caf::meta::type_name("sequence_failed"), x.key, x.epoch, x.reason);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sequence_lost& x) {
  return f(caf::meta::type_name("sequence_lost"), x.key, x.epoch, x.strikes);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, step_report& x) {
  return f(caf::meta::type_name("step_report"), x.worker, x.scores, x.tokens, x.embeddings, x.failed);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, departure& x) {
  return f(caf::meta::type_name("departure"), x.key, x.epoch, x.reason);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, room& x) {
  return f(caf::meta::type_name("room"), x.worker, x.last_admit_seen, x.free_slots, x.free_blocks, x.step_time,
    x.prefilled, x.left);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, worker_ready& x) {
  return f(caf::meta::type_name("worker_ready"), x.worker, x.model, x.device, x.dtype, x.slots, x.blocks, x.block_size,
    x.context, x.weight_bytes, x.kv_bytes);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, worker_gone& x) {
  return f(caf::meta::type_name("worker_gone"), x.worker, x.expected_back, x.by_its_work);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, model_lost& x) {
  return f(caf::meta::type_name("model_lost"), x.model, x.reason, x.retry_after);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, worker_failed& x) {
  return f(caf::meta::type_name("worker_failed"), x.worker, x.reason, x.retry);
}

} // namespace troupe
