// What generation, scheduler and worker say to each other about a sequence.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "actors/protocol/request.hpp"

namespace troupe {

/// A sequence that wants a place.
struct placement_request {
  sequence_key key;
  work_kind kind = work_kind::generate;
  std::string model;
  /// The digest of a LoRA adapter's files; empty for the model as it is.
  std::string adapter;
  /// Seeds block hashes, so that no tenant's cache serves another.
  std::string tenant_salt;
  /// The prompt, and after a resumption the tokens accepted so far.
  std::vector<token_id> tokens;
  /// How many of `tokens` are the prompt.
  std::uint32_t prompt_tokens = 0;
  /// Which hidden states are wanted, of a sequence that is embedded.
  engine::pooling pool = engine::pooling::none;
  /// Bound on generated tokens, those accepted before counted in.
  std::uint32_t max_tokens = 0;
  engine::sampling_params sampling;
  bool ignore_eos = false;
  /// Whether the prompt's own tokens are to be scored: they go with the sequence's first tokens.
  bool score_prompt = false;
  /// What the tokens after the prompt must spell.
  text::grammar_kind grammar = text::grammar_kind::none;
  std::string grammar_source;
  std::int32_t priority = 0;
  /// How long the run has waited before this request (it keeps its turn when it is resumed).
  timespan waited{0};
  /// As the last `sequence_lost` said it; 0 for a sequence that lost no place.
  std::uint32_t strikes = 0;
};

/// A placement: what a worker is told to take in.
struct assignment {
  placement_request work;
  epoch_id epoch = 0;
  /// Counts the assignments to this worker, from 1; `room` says the last one seen.
  std::uint64_t number = 0;
  /// Who gives way when blocks run out: the highest rank first.
  std::uint64_t rank = 0;
};

/// Tells a generation where it runs, before any of the epoch's tokens.
struct placement {
  sequence_key key;
  epoch_id epoch = 0;
  worker_id worker = 0;
};

/// How likely a token was, and which ones were likelier.
struct token_score {
  /// A float's bits, so that -inf survives the wire.
  std::uint32_t logprob_bits = 0;
  std::vector<token_id> top;
  /// One per token of `top`.
  std::vector<std::uint32_t> top_bits;
};

/// New tokens of one sequence. Counts only if the epoch is current and `first_position` is the next position.
struct sequence_tokens {
  sequence_key key;
  epoch_id epoch = 0;
  /// Position in the whole sequence (prompt counted) of the first of `tokens`.
  std::uint32_t first_position = 0;
  std::vector<token_id> tokens;
  /// One per token, or none.
  std::vector<token_score> scores;
  /// Set with the sequence's last tokens.
  finish_reason finish = finish_reason::none;
};

/// How likely tokens that were given were: of a prompt, before the sequence's first new token, or all behind the prompt
/// where the work is to score. Come chunk by chunk, in order.
struct prompt_scores {
  sequence_key key;
  epoch_id epoch = 0;
  /// Position of the first scored token. Nothing scores a sequence's very first.
  std::uint32_t first_position = 0;
  std::vector<token_score> scores;
};

/// The end of a sequence that is embedded: its pooled hidden state, of length 1.
struct sequence_embedding {
  sequence_key key;
  epoch_id epoch = 0;
  /// Floats' bits, as they are in memory.
  std::vector<std::uint32_t> values;
};

/// A sequence that its worker cannot finish.
struct sequence_failed {
  sequence_key key;
  epoch_id epoch = 0;
  failure reason;
};

/// A sequence that lost its place (its worker died, or its blocks were needed): it is to be placed anew.
struct sequence_lost {
  sequence_key key;
  epoch_id epoch = 0;
  /// How many workers may have died of it; goes with the next request for a place.
  std::uint32_t strikes = 0;
};

/// All that a step gave. One message per step, to the fan_out.
struct step_report {
  worker_id worker = 0;
  std::vector<prompt_scores> scores;
  std::vector<sequence_tokens> tokens;
  std::vector<sequence_embedding> embeddings;
  std::vector<sequence_failed> failed;
};

/// Why a sequence left its worker.
enum class departure_reason : std::uint8_t { finished, removed, failed, evicted };

struct departure {
  sequence_key key;
  epoch_id epoch = 0;
  departure_reason reason = departure_reason::finished;
};

/// What a worker can take, after a step or a change. The scheduler subtracts what is on its way.
struct room {
  worker_id worker = 0;
  std::uint64_t last_admit_seen = 0;
  std::uint32_t free_slots = 0;
  std::uint32_t free_blocks = 0;
  /// Duration of the step that this follows; zero when it follows none.
  timespan step_time{0};
  /// Sequences that have drawn their first token here: all that they came with has gone through the model.
  std::vector<sequence_key> prefilled;
  std::vector<departure> left;
};

/// A worker that has loaded its model.
struct worker_ready {
  worker_id worker = 0;
  std::string model;
  std::string device;
  std::string dtype;
  std::uint32_t slots = 0;
  std::uint32_t blocks = 0;
  std::uint32_t block_size = 0;
  std::uint32_t context = 0;
  std::uint64_t weight_bytes = 0;
  std::uint64_t kv_bytes = 0;
};

/// A worker that is there no more: what it held is lost.
struct worker_gone {
  worker_id worker = 0;
  /// Whether a successor comes under the same id.
  bool expected_back = true;
  /// Whether a sequence may have ended it; not so for a drill.
  bool by_its_work = true;
};

/// A model that no worker holds, and none ever will as things stand.
struct model_lost {
  std::string model;
  std::string reason;
  /// After which it is tried again; zero where that is not known.
  timespan retry_after{0};
};

/// A worker that cannot load, or whose step failed in a way that ends it.
struct worker_failed {
  worker_id worker = 0;
  std::string reason;
  /// Whether a restart can help (a broken step) or cannot (a broken model).
  bool retry = true;
};

} // namespace troupe
