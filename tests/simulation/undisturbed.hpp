// What a request is answered when nothing comes between.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/scenario.hpp"
#include "tests/support/fake_engine.hpp"

namespace troupe::simulation {

/// The seed that the gateway draws for every request without one.
inline constexpr std::uint64_t drawn_seed = 77;

struct undisturbed_choice {
  std::string text;
  finish_reason finish = finish_reason::length;
  /// As drawn, the last one that is no text counted in.
  std::vector<token_id> tokens;
  /// Of work that scores: what stands behind the prompt, and its logprobs' bits.
  std::vector<token_id> given = {};
  std::vector<std::uint32_t> logprobs = {};
  /// Of work that embeds.
  std::vector<std::uint32_t> embedding = {};
};

struct undisturbed_answer {
  /// Set for a request that has no answer: its end is this failure.
  std::optional<failure_code> failure;
  std::uint32_t prompt_tokens = 0;
  std::uint32_t truncated_messages = 0;
  std::vector<undisturbed_choice> choices;
};

/// The engine that holds a model in this story.
test::fake_engine_options engine_of(const scenario& story, const std::string& model);

undisturbed_answer answer_of(const scenario& story, const native_request& request);

} // namespace troupe::simulation
