// What is asked: the native form of a request.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "actors/protocol/ids.hpp"
#include "text/grammar_kind.hpp"

namespace troupe {

struct chat_message {
  std::string role;
  std::string content;
  /// Of an assistant that called tools: a JSON array as templates read it, arguments as objects. Empty for none.
  std::string tool_calls = {};
  /// Of a tool's answer: the call that it answers.
  std::string tool_call_id = {};
  friend bool operator==(const chat_message&, const chat_message&) = default;
};

/// How an answer is drawn and where it ends.
struct generation_params {
  /// Longest answer in tokens; 0 takes what the context leaves.
  std::uint32_t max_tokens = 0;
  float temperature = 0;
  float top_p = 1;
  float min_p = 0;
  std::int32_t top_k = 0;
  /// The gateway draws a seed for a request that has none.
  bool has_seed = false;
  std::uint64_t seed = 0;
  std::vector<std::string> stop;
  bool ignore_eos = false;
  bool logprobs = false;
  /// Likeliest tokens that are told beside each token; 0 for none.
  std::uint32_t top_logprobs = 0;
  std::uint32_t choices = 1;
  float presence_penalty = 0;
  float frequency_penalty = 0;
  float repetition_penalty = 1;
  std::vector<engine::token_bias> logit_bias;
  /// Whether an answer begins with its prompt; where logprobs are wanted, with the prompt's too.
  bool echo = false;
  /// What the answer must match; `none` lets it be anything.
  text::grammar_kind grammar = text::grammar_kind::none;
  std::string grammar_source;
  /// Whether special tokens other than those that end an answer are text: some models mark tool calls with them.
  bool keep_special = false;
};

/// What the holder of an API key may use up; zero for no bound.
struct rate_limits {
  /// Names the key; empty for a request without one.
  std::string key;
  std::uint32_t requests_per_minute = 0;
  std::uint32_t tokens_per_minute = 0;
};

/// What is to be scored behind a prompt: a text, or tokens where there is none.
struct continuation {
  std::string text;
  std::vector<token_id> tokens;
};

/// What the wire's JSON becomes before anything acts on it.
struct native_request {
  /// As in `X-Request-Id`.
  std::string request_id;
  /// For the log line: `/v1/chat/completions`.
  std::string endpoint;
  work_kind kind = work_kind::generate;
  std::string model;
  /// The digest of a LoRA adapter's files; empty for the model as it is. Part of every cache's key, so that an adapter
  /// of another content is another one, whatever it is called.
  std::string adapter;
  std::string tenant;
  /// Whom it comes from, to know them again: a key's name, or an address.
  std::string client;
  rate_limits rate;
  prompt_form form = prompt_form::messages;
  std::vector<chat_message> messages;
  /// JSON array of the tools that the template shows to the model; empty for none.
  std::string tools;
  std::string prompt;
  /// Whether the model's own leading and trailing tokens are put around a text prompt.
  bool add_special = true;
  std::vector<token_id> prompt_tokens;
  /// Of work that scores: as many as `params.choices`.
  std::vector<continuation> continuations = {};
  /// Of work that embeds.
  engine::pooling pool = engine::pooling::none;
  generation_params params;
  /// The field of the wire that the grammar came from, for errors.
  std::string grammar_field;
  /// Above 0: the oldest messages that are neither the system message nor the last give way until the prompt has at
  /// most this many tokens. At 0 a prompt that does not fit is refused.
  std::uint32_t trim_to_tokens = 0;
  /// Messages that were cut already, by count.
  std::uint32_t trimmed_messages = 0;
  /// Higher runs first.
  std::int32_t priority = 0;
  cache_policy cache = cache_policy::use;
  /// Time from admission after which the request has failed; zero for none.
  timespan timeout{0};

  /// Bytes that the request holds while it waits.
  std::size_t size() const;
};

/// The bytes that two requests must share to have the same answer: model, adapter, tenant, prompt, every parameter.
std::string canonical(const native_request& request);

struct token_usage {
  std::uint32_t prompt_tokens = 0;
  std::uint32_t completion_tokens = 0;
};

/// A token that might have come.
struct token_choice {
  token_id token = 0;
  /// The token's own bytes: may be part of a character.
  std::string bytes;
  /// A float's bits, so that -inf survives the wire.
  std::uint32_t logprob_bits = 0;
};

/// One token of an answer with its logprob, where they were asked for.
struct token_logprob {
  token_id token = 0;
  std::string bytes;
  std::uint32_t logprob_bits = 0;
  /// False for the first token of an echoed prompt, which nothing predicts.
  bool scored = true;
  /// The likeliest tokens at its place, the likeliest first.
  std::vector<token_choice> top = {};
};

} // namespace troupe
