// How the values of request.hpp are written to the wire.
#pragma once

#include <caf/meta/type_name.hpp>

#include "actors/protocol/request.hpp"

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

} // namespace troupe
