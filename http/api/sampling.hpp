// The fields that all generating endpoints share.
#pragma once

#include "actors/protocol/types.hpp"
#include "http/api/fields.hpp"
#include "http/options.hpp"

namespace troupe::http::api {

/// What holds for a request that says nothing.
struct sampling_defaults {
  float temperature = 0;
  float top_p = 1;
  std::int32_t top_k = 0;
  /// 0: what the context leaves.
  std::uint32_t max_tokens = 0;
  float min_p = 0;
  float repetition_penalty = 1;
};

/// Reads temperature, top_p, top_k, seed, stop, ignore_eos and max_tokens. `context` bounds max_tokens; 0 for no bound.
/// What the OpenAI endpoints alone have is as the defaults say.
generation_params read_sampling(field_reader& fields, const sampling_defaults& defaults, std::size_t context);

/// Reads what only the OpenAI endpoints have: min_p, n, penalties, logit_bias, max_completion_tokens (chat), logprobs,
/// echo (completions), and the fields of which only the neutral value is supported.
void read_openai_sampling(field_reader& fields, generation_params& params, std::size_t context, bool chat);

/// Reads `priority`: higher runs first.
std::int32_t read_priority(field_reader& fields);

/// Finds a model by its name or an alias; `default` is the first. Throws `request_error` (404) for a name that is not
/// served.
const served_model& find_model(const options& opts, std::string_view name);

/// Says whose answer is wanted: the company knows a model, and an adapter of it by its content.
void address(native_request& request, const served_model& model);

/// Most stop strings of a request, and bytes of one.
inline constexpr std::size_t max_stop_strings = 4;
inline constexpr std::size_t max_stop_bytes = 1024;
/// Most choices of a request, likeliest tokens beside each token, biased tokens.
inline constexpr std::int64_t max_choices = 128;
inline constexpr std::int64_t max_top_logprobs = 20;
inline constexpr std::size_t max_logit_biases = 1024;
/// Entries that an answer's logprobs may have.
inline constexpr std::size_t max_logprob_entries = std::size_t{1} << 20;
/// Priorities go from minus this to this.
inline constexpr std::int64_t max_priority = 1000;

} // namespace troupe::http::api
