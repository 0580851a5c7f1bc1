// How the next token is drawn. Standard library only, as engine.hpp, which includes this.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace troupe::engine {

/// A token's index in the model's vocabulary.
using token_id = std::int32_t;

/// What is added to one token's logit.
struct token_bias {
  token_id token = 0;
  float bias = 0;
  friend bool operator==(const token_bias&, const token_bias&) = default;
};

/// How the next token is drawn from the logits. Penalties come first, then biases, then a filter of allowed tokens.
/// Temperature 0 is greedy; 0 (top_k), 1 (top_p) and 0 (min_p) switch their filter off. Filters apply to the
/// distribution at `temperature`, in the order top_k, top_p, min_p.
struct sampling_params {
  float temperature = 0;
  std::int32_t top_k = 0;
  float top_p = 1;
  float min_p = 0;
  /// Taken off the logit of a token that was drawn before: once, and once per time.
  float presence_penalty = 0;
  float frequency_penalty = 0;
  /// Divides the logit of a token that the prompt has or that was drawn before; multiplies one below zero. 1 is off.
  /// After: Keskar et al. 2019, "CTRL".
  float repetition_penalty = 1;
  std::vector<token_bias> logit_bias;
  std::uint64_t seed = 0;
  /// Whether the logprob of the chosen token is wanted (log-softmax of the model's own logits).
  bool logprobs = false;
  /// How many of the likeliest tokens are wanted with their logprobs; needs `logprobs`.
  std::uint32_t top_logprobs = 0;

  bool penalizes() const { return presence_penalty != 0 || frequency_penalty != 0 || repetition_penalty != 1; }
  friend bool operator==(const sampling_params&, const sampling_params&) = default;
};

/// Says which tokens may come next in one sequence.
class token_filter {
public:
  virtual ~token_filter() = default;
  /// Bit i % 32 of word i / 32 is set when token i may be drawn; one bit per logit at least. Asked once per draw, when
  /// the step has gone through the model: what it takes to know can be found out beside the step. What it throws
  /// fails the step.
  virtual std::span<const std::uint32_t> allowed() = 0;
};

} // namespace troupe::engine
