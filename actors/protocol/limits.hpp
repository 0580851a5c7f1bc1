// The largest size of every message, in bytes as the binary serializer writes it.
//
// CAF's wire takes less than 4 GiB a message. The bounds below are what the company is built for; the limits that the
// config sets lie within them.
#pragma once

#include <cstddef>

#include "actors/protocol/types.hpp"

namespace troupe::limits {

/// Body of a request, with all its texts.
inline constexpr std::size_t request_bytes = std::size_t{64} << 20;
/// Tokens of a sequence, prompt and answer together.
inline constexpr std::size_t sequence_tokens = std::size_t{1} << 20;
/// Bytes of one token's text.
inline constexpr std::size_t token_text_bytes = 512;
inline constexpr std::size_t choices = 128;
/// Numbers of one embedding.
inline constexpr std::size_t embedding_values = 32768;
/// Text of all choices of an answer.
inline constexpr std::size_t answer_text_bytes = std::size_t{256} << 20;
/// Tokens of an answer that are kept with their logprobs, over all its choices, those beside each token counted in.
inline constexpr std::size_t logprob_entries = std::size_t{1} << 20;
/// Tokens of prompts that one step scores, over all its rows.
inline constexpr std::size_t scored_tokens = std::size_t{1} << 20;
/// Sequences that are resident on one worker: rows of a step.
inline constexpr std::size_t rows = 4096;
/// New tokens of one row in one step.
inline constexpr std::size_t row_tokens = 64;
/// Names, ids, devices, reasons of state.
inline constexpr std::size_t word_bytes = 4096;
/// A failure's message, which may quote a request.
inline constexpr std::size_t failure_text_bytes = std::size_t{64} << 10;
inline constexpr std::size_t workers = 1024;
inline constexpr std::size_t models = 1024;
/// Experts of a layer.
inline constexpr std::size_t experts = 4096;
/// Likeliest tokens that are told beside a token.
inline constexpr std::size_t top_tokens = 20;
inline constexpr std::size_t biases = 4096;
inline constexpr std::size_t grammar_bytes = std::size_t{1} << 20;

/// A list or text is written behind its length, of at most this many bytes.
inline constexpr std::size_t length_bytes = 10;
inline constexpr std::size_t word = length_bytes + word_bytes;

/// Zero for a type that is no message.
template <class T>
inline constexpr std::size_t largest = 0;

template <>
inline constexpr std::size_t largest<sequence_key> = 12;
template <>
inline constexpr std::size_t largest<failure> = 1 + length_bytes + failure_text_bytes + word + 8;
template <>
inline constexpr std::size_t largest<chat_message> = 4 * length_bytes + request_bytes;
template <>
inline constexpr std::size_t largest<generation_params> =
  96 + 3 * length_bytes + 8 * biases + grammar_bytes + request_bytes;
template <>
inline constexpr std::size_t largest<rate_limits> = word + 8;
template <>
inline constexpr std::size_t largest<continuation> = 2 * length_bytes + request_bytes;
// Every text of a request came in its body; short ones may cost more on this wire than they did there.
template <>
inline constexpr std::size_t largest<native_request> = 256 + 4 * request_bytes;
template <>
inline constexpr std::size_t largest<token_usage> = 8;
template <>
inline constexpr std::size_t largest<token_choice> = 8 + length_bytes + token_text_bytes;
template <>
inline constexpr std::size_t largest<token_logprob> = 1 + length_bytes + (1 + top_tokens) * largest<token_choice>;
template <>
inline constexpr std::size_t largest<token_list> = word + length_bytes + sequence_tokens * sizeof(token_id);
template <>
inline constexpr std::size_t largest<answer_admitted> = 40;
template <>
inline constexpr std::size_t largest<answer_started> = 16 + 1 + largest<token_usage>;
template <>
inline constexpr std::size_t largest<answer_text> = 20 + 3 * length_bytes + 4 * embedding_values + answer_text_bytes +
  logprob_entries*(largest<token_choice> + 1 + length_bytes);
template <>
inline constexpr std::size_t largest<answer_finished> = 8 + largest<token_usage> + 4 + 16;
template <>
inline constexpr std::size_t largest<answer_failed> = 8 + largest<failure>;
template <>
inline constexpr std::size_t largest<admitted_request> = 8 + largest<native_request> + 1 + largest<failure>;
template <>
inline constexpr std::size_t largest<finished_answer> = length_bytes +
  choices*(3 * length_bytes + 5 + 4 * embedding_values) + answer_text_bytes
  + logprob_entries*(largest<token_choice> + 1 + length_bytes) + largest<token_usage> + 4;
template <>
inline constexpr std::size_t largest<encode_request> = 8 + largest<native_request>;
template <>
inline constexpr std::size_t largest<encoded_prompt> = 8 + length_bytes + sequence_tokens * sizeof(token_id) +
  4 + length_bytes + choices* length_bytes + logprob_entries * sizeof(token_id) + 1 + largest<failure>;
template <>
inline constexpr std::size_t largest<placement_request> = largest<sequence_key> + 2 + 3 * word + length_bytes +
  sequence_tokens * sizeof(token_id) + 96 + 2 * length_bytes + 8 * biases + grammar_bytes;
template <>
inline constexpr std::size_t largest<assignment> = largest<placement_request> + 24;
template <>
inline constexpr std::size_t largest<placement> = largest<sequence_key> + 12;
template <>
inline constexpr std::size_t largest<token_score> = 4 + 2 * (length_bytes + top_tokens * 4);
template <>
inline constexpr std::size_t largest<troupe::sequence_tokens> = largest<sequence_key> + 12 + 2 * length_bytes +
  row_tokens*(4 + largest<token_score>)+1;
template <>
inline constexpr std::size_t largest<prompt_scores> =
  largest<sequence_key> + 12 + length_bytes + scored_tokens* largest<token_score>;
template <>
inline constexpr std::size_t largest<sequence_embedding> =
  largest<sequence_key> + 8 + length_bytes + 4 * embedding_values;
template <>
inline constexpr std::size_t largest<sequence_failed> = largest<sequence_key> + 8 + largest<failure>;
template <>
inline constexpr std::size_t largest<sequence_lost> = largest<sequence_key> + 12;
template <>
inline constexpr std::size_t largest<step_report> = 4 + 4 * length_bytes +
  rows*(largest<troupe::sequence_tokens> + largest<sequence_embedding> + largest<sequence_failed> +
    largest<sequence_key> + 12 + length_bytes) +
  scored_tokens* largest<token_score>;
template <>
inline constexpr std::size_t largest<departure> = largest<sequence_key> + 8 + 1;
template <>
inline constexpr std::size_t largest<room> = 28 + 2 * length_bytes + rows*(largest<sequence_key> + largest<departure>);
template <>
inline constexpr std::size_t largest<worker_ready> = 4 + 3 * word + 32;
template <>
inline constexpr std::size_t largest<worker_gone> = 6;
template <>
inline constexpr std::size_t largest<model_lost> = word + length_bytes + failure_text_bytes + 8;
template <>
inline constexpr std::size_t largest<worker_failed> = 4 + length_bytes + failure_text_bytes + 1;
template <>
inline constexpr std::size_t largest<sink_record> = 3 * word + 8 + 5 + largest<token_usage> + 24;
template <>
inline constexpr std::size_t largest<step_record> = 52 + length_bytes + 8 * experts;
template <>
inline constexpr std::size_t largest<model_load> = word + 8;
template <>
inline constexpr std::size_t largest<scheduler_load> = 8 + length_bytes + models* largest<model_load>;
template <>
inline constexpr std::size_t largest<cache_load> = 24;
template <>
inline constexpr std::size_t largest<worker_status> = 4 + 3 * word + 1 + length_bytes + failure_text_bytes + 12;
template <>
inline constexpr std::size_t largest<company_status> = length_bytes + workers* largest<worker_status> + 4;
template <>
inline constexpr std::size_t largest<order_result> = 1 + length_bytes + failure_text_bytes + 1;
template <>
inline constexpr std::size_t largest<reload_result> = 1 + length_bytes + failure_text_bytes +
  2 * (length_bytes + workers * sizeof(worker_id)) + 4;
template <>
inline constexpr std::size_t largest<distribution> = 56;
template <>
inline constexpr std::size_t largest<worker_metrics> = 4 + word + 48 + largest<distribution> + 45;
template <>
inline constexpr std::size_t largest<count_by_name> = word + 8;
template <>
inline constexpr std::size_t largest<metrics_snapshot> = 512 + largest<cache_load> + 3 * largest<distribution> +
  4 * length_bytes + 2 * 64 * largest<count_by_name> + workers* largest<worker_metrics> + models* largest<model_load>;
template <>
inline constexpr std::size_t largest<cache_state> = 1;
template <>
inline constexpr std::size_t largest<detach_reason> = 1;
template <>
inline constexpr std::size_t largest<drill_kind> = 1;

} // namespace troupe::limits
