// How the values of request.hpp are written to the wire.
#pragma once

#include <caf/meta/type_name.hpp>

#include "actors/protocol/request.hpp"

namespace troupe::engine {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, token_bias& x) {
  return f(caf::meta::type_name("token_bias"), x.token, x.bias);
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
  return f(caf::meta::type_name("chat_message"), x.role, x.content, x.tool_calls, x.tool_call_id);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, generation_params& x) {
  return f(caf::meta::type_name("generation_params"), x.max_tokens, x.temperature, x.top_p, x.min_p, x.top_k,
    x.has_seed, x.seed, x.stop, x.ignore_eos, x.logprobs, x.top_logprobs, x.choices, x.presence_penalty,
    x.frequency_penalty, x.repetition_penalty, x.logit_bias, x.echo, x.grammar, x.grammar_source, x.keep_special);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, rate_limits& x) {
  return f(caf::meta::type_name("rate_limits"), x.key, x.requests_per_minute, x.tokens_per_minute);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, continuation& x) {
  return f(caf::meta::type_name("continuation"), x.text, x.tokens);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, native_request& x) {
  return f(caf::meta::type_name("native_request"), x.request_id, x.endpoint, x.kind, x.model, x.adapter, x.tenant,
    x.client, x.rate, x.form, x.messages, x.tools, x.prompt, x.add_special, x.prompt_tokens, x.continuations, x.pool,
    x.params, x.grammar_field, x.trim_to_tokens, x.trimmed_messages, x.priority, x.cache, x.timeout);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, token_usage& x) {
  return f(caf::meta::type_name("token_usage"), x.prompt_tokens, x.completion_tokens);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, token_choice& x) {
  return f(caf::meta::type_name("token_choice"), x.token, x.bytes, x.logprob_bits);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, token_logprob& x) {
  return f(caf::meta::type_name("token_logprob"), x.token, x.bytes, x.logprob_bits, x.scored, x.top);
}

} // namespace troupe
