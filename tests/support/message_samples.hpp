#pragma once

#include <limits>
#include <string>

#include "actors/protocol/types.hpp"

namespace troupe::test {

/// A value of a message type with every field set. A message without one does not compile here.
template <class T>
T sample() = delete;

template <>
inline sequence_key sample() {
  return {7, 1};
}
template <>
inline failure sample() {
  return {failure_code::queue_full, "full", "messages", std::chrono::seconds{3}};
}
template <>
inline chat_message sample() {
  return {"user", std::string("h\0\xc3\xbc", 4), "[]", "call"};
}
template <>
inline generation_params sample() {
  return {9, 0.5F, 0.25F, 0.125F, -4, true, std::numeric_limits<std::uint64_t>::max(), {"a", ""}, true, true, 2, 3,
    0.25F, -0.5F, 1.5F, {{4, -100}}, true, text::grammar_kind::regex, "a+", true};
}
template <>
inline rate_limits sample() {
  return {"key", 1, 2};
}
template <>
inline continuation sample() {
  return {"more", {7, 8}};
}
template <>
inline native_request sample() {
  return {"id", "/v1", work_kind::score, "model", "adapter", "tenant", "client", sample<rate_limits>(),
    prompt_form::tokens, {sample<chat_message>()}, "[{}]", "prompt", false, {1, -2, 3}, {sample<continuation>()},
    engine::pooling::last, sample<generation_params>(), "field", 11, 12, -5, cache_policy::bypass,
    std::chrono::seconds{9}};
}
template <>
inline token_usage sample() {
  return {3, 4};
}
template <>
inline token_choice sample() {
  return {6, "\xfe", 0xff800000};
}
template <>
inline token_logprob sample() {
  return {5, "\xff", 0xff800000, false, {sample<token_choice>()}};
}
template <>
inline token_list sample() {
  return {{1, 2}, "tiny"};
}
template <>
inline answer_admitted sample() {
  return {1, 2, 3, 4, 5, timespan{6}, timespan{7}};
}
template <>
inline answer_started sample() {
  return {1, 2, cache_state::coalesced, {3, 4}};
}
template <>
inline answer_text sample() {
  return {1, 2, "text", {sample<token_logprob>()}, finish_reason::length, 7, {8}};
}
template <>
inline answer_finished sample() {
  return {1, {2, 3}, 4, timespan{5}, timespan{6}};
}
template <>
inline answer_failed sample() {
  return {1, sample<failure>()};
}
template <>
inline admitted_request sample() {
  return {1, sample<native_request>(), false, sample<failure>()};
}
template <>
inline finished_answer sample() {
  return {{{"text", {sample<token_logprob>()}, finish_reason::length, 8, {9}}}, {1, 2}, 3};
}
template <>
inline encode_request sample() {
  return {1, sample<native_request>()};
}
template <>
inline encoded_prompt sample() {
  return {1, {2, 3}, 4, {{5}}, false, sample<failure>()};
}
template <>
inline placement_request sample() {
  return {{1, 2}, work_kind::embed, "model", "adapter", "salt", {3, 4}, 5, engine::pooling::mean, 6,
    {0.5F, 2, 0.25F, 0.125F, 0.5F, 0.25F, 1.5F, {{3, 1}}, 7, true, 4}, true, true, text::grammar_kind::lark, "start: x",
    -8, timespan{9}, 3};
}
template <>
inline assignment sample() {
  return {sample<placement_request>(), 1, 2, 3};
}
template <>
inline placement sample() {
  return {{1, 2}, 3, 4};
}
template <>
inline token_score sample() {
  return {1, {2}, {3}};
}
template <>
inline sequence_tokens sample() {
  return {{1, 2}, 3, 4, {5, 6}, {sample<token_score>()}, finish_reason::stop};
}
template <>
inline prompt_scores sample() {
  return {{1, 2}, 3, 4, {sample<token_score>()}};
}
template <>
inline sequence_embedding sample() {
  return {{1, 2}, 3, {4, 5}};
}
template <>
inline sequence_failed sample() {
  return {{1, 2}, 3, sample<failure>()};
}
template <>
inline sequence_lost sample() {
  return {{1, 2}, 3, 4};
}
template <>
inline step_report sample() {
  return {1, {sample<prompt_scores>()}, {sample<sequence_tokens>()}, {sample<sequence_embedding>()},
    {sample<sequence_failed>()}};
}
template <>
inline departure sample() {
  return {{1, 2}, 3, departure_reason::evicted};
}
template <>
inline room sample() {
  return {1, 2, 3, 4, timespan{5}, {{6, 7}}, {sample<departure>()}};
}
template <>
inline worker_ready sample() {
  return {1, "model", "cpu", "float32", 2, 3, 4, 5, 6, 7};
}
template <>
inline worker_gone sample() {
  return {1, false, false};
}
template <>
inline model_lost sample() {
  return {"model", "reason", timespan{1}};
}
template <>
inline worker_failed sample() {
  return {1, "reason", false};
}
template <>
inline sink_record sample() {
  return {"id", "/v1", "model", 1, cache_state::hit, outcome::cancelled, failure_code::no_worker,
    detach_reason::slow_reader, finish_reason::length, {2, 3}, timespan{4}, timespan{5}, timespan{6}};
}
template <>
inline step_record sample() {
  return {1, timespan{2}, 3, 4, 5, 6, 7, 8, 9, 10, {11, 12}};
}
template <>
inline model_load sample() {
  return {"tiny", 1, 2};
}
template <>
inline scheduler_load sample() {
  return {1, 2, {sample<model_load>()}};
}
template <>
inline cache_load sample() {
  return {1, 2, 3};
}
template <>
inline worker_status sample() {
  return {1, "cpu", "model", "float32", worker_state::restarting, "reason", timespan{2}, 3};
}
template <>
inline company_status sample() {
  return {{sample<worker_status>()}, 1};
}
template <>
inline order_result sample() {
  return {true, "reason", order_refusal::not_ready};
}
template <>
inline reload_result sample() {
  return {true, "reason", {1}, {2}, 3};
}
template <>
inline distribution sample() {
  return {1, 0.5, 0.25, 2.5, 3.5, 4.5, 5.5};
}
template <>
inline worker_metrics sample() {
  return {1, "cpu", 2, 3, 4, 5, 6, sample<distribution>(), 7.5, 8, 9, 10, 11, 12, worker_state::draining, 13};
}
template <>
inline count_by_name sample() {
  return {"name", 1};
}
template <>
inline metrics_snapshot sample() {
  const auto d = sample<distribution>();
  return {timespan{1}, 15, 16, 2, 3, 4, 5, {sample<count_by_name>()}, {sample<count_by_name>()}, 6, 7, 8, 9, 0.5,
    {1, 2, 3}, d, d, d, 10, 11, 12, 13, 1.5, false, 2.5, 3.5, timespan{14}, {sample<worker_metrics>()},
    {sample<model_load>()}};
}
template <>
inline cache_state sample() {
  return cache_state::bypass;
}
template <>
inline drill_kind sample() {
  return drill_kind::hang;
}
template <>
inline detach_reason sample() {
  return detach_reason::shutdown;
}

} // namespace troupe::test
