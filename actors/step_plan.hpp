// Makes a step out of the sequences that a worker holds: plain functions over plain data, no actor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "actors/protocol/types.hpp"
#include "actors/sequence_grammar.hpp"
#include "cache/sequence_blocks.hpp"
#include "engine/engine.hpp"

namespace troupe {

/// A sequence that a worker holds.
struct resident {
  /// As assigned. Its tokens grow with each draw.
  placement_request work;
  epoch_id epoch = 0;
  std::uint64_t rank = 0;
  std::uint32_t slot = 0;
  /// As `engine::batch_row` has it.
  std::uint32_t adapter = 0;
  /// How many of the tokens are in the KV cache.
  std::uint32_t position = 0;
  /// Block i holds positions [i * block_size, (i + 1) * block_size). Full ones may be other sequences' too.
  cache::sequence_blocks blocks;
  /// Of a sequence that is embedded: the sum of its tokens' hidden states so far, or the last token's.
  std::vector<double> pooled = {};
  /// Whether its first token was drawn here.
  bool prefilled = false;
  /// Null where everything may come.
  std::shared_ptr<sequence_grammar> grammar;
  /// Set when it is to leave at the end of the step.
  std::optional<departure_reason> leaving;

  std::size_t length() const { return work.tokens.size(); }
  bool generates() const { return work.kind == work_kind::generate; }
  /// How many tokens are still to go through the model. The last one of those that are scored predicts nothing.
  std::size_t remaining() const { return length() - (work.kind == work_kind::score ? 1 : 0) - position; }
  std::size_t generated() const { return generates() ? length() - work.prompt_tokens : 0; }
};

struct step_limits {
  /// New tokens of one step, over all rows.
  std::size_t tokens = 0;
  std::size_t block_size = 1;
  std::size_t free_blocks = 0;
};

struct planned_row {
  /// Index among the residents.
  std::size_t resident = 0;
  /// New tokens that go through the model.
  std::uint32_t tokens = 0;
  /// Blocks to take first.
  std::uint32_t new_blocks = 0;
};

struct step_plan {
  std::vector<planned_row> rows;
  /// Indices of residents that give way first, so that the rows have their blocks.
  std::vector<std::size_t> evicted;
  /// Index of a resident that is alone and still has too few blocks: it can never go on.
  std::optional<std::size_t> too_large;
};

/// Plans one step over residents in the order of their admission.
///
/// First one token of each sequence that has one left to feed (decodes), then chunks of the prompts that are not in
/// the cache yet, in order, as far as the limit on tokens goes: a long prompt holds the others up by no more than one
/// step of that size. When blocks run out, residents give way by rank, the highest first, until the rest fits; the
/// last one never gives way to itself.
step_plan plan_step(const std::vector<resident>& residents, const step_limits& limits);

/// The row that the engine gets. The resident holds the blocks for it.
engine::batch_row make_row(const resident& sequence, std::uint32_t tokens);

/// Why a sequence ends with its last token, or `none`. `context` bounds prompt and answer together.
finish_reason finish_of(const resident& sequence, const std::vector<token_id>& eos, std::size_t context);

/// Of the free blocks, those that no resident will take for the tokens it has already.
std::size_t unclaimed_blocks(const std::vector<resident>& residents, std::size_t block_size, std::size_t free_blocks);

} // namespace troupe
