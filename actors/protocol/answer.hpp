// What is answered: to an edge, and between gateway, cache and generation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "actors/protocol/request.hpp"

namespace troupe {

/// How much of its rate a key has left, as the `x-ratelimit-*` headers say it. Comes once, before anything else, for a
/// request whose key has limits.
struct answer_admitted {
  sink_id sink = 0;
  /// The limits as configured; a zero is no limit.
  std::uint32_t limit_requests = 0;
  std::uint32_t limit_tokens = 0;
  std::uint32_t remaining_requests = 0;
  std::uint32_t remaining_tokens = 0;
  /// Until both are full again.
  timespan reset_requests{0};
  timespan reset_tokens{0};
};

/// The request holds: it is queued, joined or answered. Comes once, before any text.
struct answer_started {
  sink_id sink = 0;
  run_id run = 0;
  cache_state cache = cache_state::miss;
  token_usage usage;
};

/// More of one choice's text. `finish` is set with a choice's last one.
struct answer_text {
  sink_id sink = 0;
  std::uint32_t choice = 0;
  std::string text;
  std::vector<token_logprob> tokens;
  finish_reason finish = finish_reason::none;
  /// Tokens that the choice has drawn by now.
  std::uint32_t generated = 0;
  /// Floats' bits, of length 1 all together; empty for other work than embedding.
  std::vector<std::uint32_t> embedding = {};
};

/// The sink's end: the whole answer was sent.
struct answer_finished {
  sink_id sink = 0;
  token_usage usage;
  std::uint32_t truncated_messages = 0;
  /// From admission to the first token, and to the end.
  timespan time_to_first_token{0};
  timespan latency{0};
};

/// The sink's end: there is no (more) answer.
struct answer_failed {
  sink_id sink = 0;
  failure reason;
};

/// A request on its way from the gateway through the cache.
struct admitted_request {
  run_id run = 0;
  native_request request;
  /// False when the queue is full: a hit or a run to join may still serve it, a new run may not start.
  bool may_start = true;
  /// What a refusal says.
  failure refusal;
};

/// A whole answer, as the cache keeps it.
struct finished_answer {
  struct choice {
    std::string text;
    std::vector<token_logprob> tokens;
    finish_reason finish = finish_reason::stop;
    std::uint32_t generated = 0;
    std::vector<std::uint32_t> embedding = {};
  };
  std::vector<choice> choices;
  token_usage usage;
  std::uint32_t truncated_messages = 0;

  std::size_t size() const;
};

/// How an answer of several choices ended: cut, when one of them was.
template <class Choices>
finish_reason ending_of(const Choices& choices) {
  for (const auto& one : choices)
    if (one.finish == finish_reason::length)
      return finish_reason::length;
  return finish_reason::stop;
}

/// A prompt to render and tokenize away from the token path.
struct encode_request {
  run_id run = 0;
  native_request request;
};

/// A tokenized prompt, or why there is none.
struct encoded_prompt {
  run_id run = 0;
  std::vector<token_id> tokens;
  std::uint32_t truncated_messages = 0;
  /// Of work that scores, one per continuation: what stands behind `tokens`.
  std::vector<std::vector<token_id>> continuations = {};
  bool ok = true;
  failure reason;
};

/// Some tokens of a model, to be turned into text.
struct token_list {
  std::vector<token_id> tokens;
  std::string model;
};

} // namespace troupe
