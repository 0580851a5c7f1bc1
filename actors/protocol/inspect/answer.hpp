// How the values of answer.hpp are written to the wire.
#pragma once

#include <caf/meta/type_name.hpp>

#include "actors/protocol/answer.hpp"
#include "actors/protocol/inspect/request.hpp"

namespace troupe {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, answer_admitted& x) {
  return f(caf::meta::type_name("answer_admitted"), x.sink, x.limit_requests, x.limit_tokens, x.remaining_requests,
    x.remaining_tokens, x.reset_requests, x.reset_tokens);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, token_list& x) {
  return f(caf::meta::type_name("token_list"), x.tokens, x.model);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, answer_started& x) {
  return f(caf::meta::type_name("answer_started"), x.sink, x.run, x.cache, x.usage);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, answer_text& x) {
  return f(caf::meta::type_name("answer_text"), x.sink, x.choice, x.text, x.tokens, x.finish, x.generated, x.embedding);
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
  return f(caf::meta::type_name("finished_answer_choice"), x.text, x.tokens, x.finish, x.generated, x.embedding);
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
  return f(
    caf::meta::type_name("encoded_prompt"), x.run, x.tokens, x.truncated_messages, x.continuations, x.ok, x.reason);
}

} // namespace troupe
