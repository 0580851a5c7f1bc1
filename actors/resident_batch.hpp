// The sequences that one worker holds, with their slots and blocks: plain data, no actor, no engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/options.hpp"
#include "actors/protocol/types.hpp"
#include "actors/step_plan.hpp"
#include "cache/block_hash.hpp"
#include "cache/prefix_index.hpp"
#include "engine/engine.hpp"

namespace troupe {

struct batch_limits {
  std::size_t slots = 0;
  std::size_t blocks = 0;
  std::size_t block_size = 1;
  /// New tokens of one step.
  std::size_t step_tokens = 1;
  /// Longest sequence, prompt and answer together.
  std::size_t context = 0;
  /// Whether sequences share the blocks of equal beginnings.
  bool share_prefixes = true;
  /// The model's digest: blocks hold what this model made of their tokens.
  std::string model;
  /// Where the engine has each adapter, by its digest.
  std::map<std::string, std::uint32_t> adapters = {};
};

/// What a worker can serve with this engine: no more sequences than a step has tokens for, so that each goes on in
/// every step, and no sequence longer than the whole KV cache.
batch_limits limits_of(const engine::model_info& info, const worker_options& options);

/// The resident batch.
///
/// A step is `begin_step`, then `finish_row` or `fail_row` for each row of the batch it gave, then `end_step`; what
/// came of it is fetched with the `take_` functions. Sequences come and go between steps only. Not thread safe: its
/// worker owns it.
class resident_batch {
public:
  /// `hasher` names the content of KV blocks.
  /// `grammars` is null where no sequence can be held to one.
  resident_batch(worker_id id, batch_limits limits, cache::block_hasher hasher, std::vector<token_id> eos,
    std::shared_ptr<grammar_store> grammars = nullptr);

  /// Takes a sequence in for the next step. One that can never run is failed, with the next report.
  void take_in(assignment work);

  /// Lets a sequence go; does nothing when it has left already.
  void remove(const sequence_key& key, epoch_id epoch);

  /// Plans a step, lets those go that must give way, takes blocks and returns the rows. None when there is nothing
  /// to run.
  engine::batch begin_step();

  /// Takes in what the engine gave for one row. Throws `std::logic_error` when a draw is missing.
  void finish_row(std::size_t row, const engine::row_output& output);

  /// Counts the tokens that went to each expert in this step.
  void count_experts(const std::vector<std::uint64_t>& tokens);

  /// Fails one row's sequence alone.
  void fail_row(std::size_t row, const std::string& why);

  /// Frees what those hold who leave with this step.
  void end_step();

  bool empty() const { return residents_.empty(); }

  /// New tokens and failures since the last call.
  step_report take_report();
  /// What can be taken in, and who left since the last call.
  room take_room();
  /// The last step's numbers, and what is held now.
  step_record record(timespan duration);

private:
  /// Ends a sequence that draws nothing, all of whose tokens have gone through the model.
  void finish_given(resident& sequence);
  void leave(std::size_t index, departure_reason reason);
  /// Holds a new sequence to its grammar. False when that cannot be: it was refused then.
  bool hold_to_grammar(resident& sequence);
  void follow_grammar(resident& sequence, token_id token);
  void refuse(const placement_request& work, epoch_id epoch, failure reason);

  worker_id id_;
  batch_limits limits_;
  std::vector<token_id> eos_;
  std::shared_ptr<grammar_store> grammars_;
  cache::block_hasher hasher_;
  cache::prefix_index kv_;
  /// Free slots, the next one to hand out last.
  std::vector<std::uint32_t> slots_;
  /// In the order of admission.
  std::vector<resident> residents_;
  std::vector<planned_row> rows_;
  step_report report_;
  std::vector<departure> left_;
  std::vector<sequence_key> prefilled_;
  std::uint64_t last_admit_seen_ = 0;
  /// What the last step fed.
  step_record last_step_;
  /// Counters of the prefix index when the last record was made.
  cache::prefix_statistics counted_;
};

} // namespace troupe
