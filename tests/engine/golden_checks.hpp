// How a decoder is compared with transformers, and with itself in other company.
#pragma once

#include "tests/engine/support.hpp"

namespace troupe::engine::testing {

/// How far a logit may be from transformers'.
inline constexpr float allowed = 1e-3F;

/// Feeds a prompt in chunks of each length, 0 for whole, and follows it with `answer` greedy tokens. Returns the
/// largest deviation of a logit.
float check_alone(bench& model, const golden& expected, const std::vector<std::size_t>& chunks, std::size_t answer);

/// Feeds all prompts together, chunks of different lengths beside decodes, each sequence at its own of the paces: in
/// the order of the prompts' names, tokens per step.
void check_ragged(bench& model, const std::map<std::string, golden>& prompts, const std::vector<std::size_t>& paces);

} // namespace troupe::engine::testing
