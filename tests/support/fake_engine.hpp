// An engine without tensors: same contract, answers that a test can compute.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.hpp"

namespace troupe::test {

struct fake_engine_options {
  std::size_t vocabulary = 1000;
  std::size_t context = 512;
  std::size_t block_size = 4;
  std::size_t kv_blocks = 64;
  std::size_t max_sequences = 8;
  std::size_t max_step_tokens = 64;
  engine::token_id eos = 2;
  /// Each token goes to the expert of its number modulo this; 0 is a model without experts.
  std::size_t experts = 0;
  /// Another one is another model: it draws other tokens.
  std::uint64_t salt = 0;
  /// Digests of its adapters. What a row with one writes is another thing to read for all others.
  std::vector<std::string> adapters = {};
  /// A sequence's draw of this number (from 1) is `eos`; without it, no draw ever is.
  std::optional<std::uint64_t> eos_after;
  /// A step with this token among a row's new ones throws, after it has written all rows.
  std::optional<engine::token_id> poison;
  /// Called before each step is run, with its number (from 1); may throw.
  std::function<void(std::size_t step, const engine::batch&)> before_step;
  /// What comes out where this was drawn; as drawn when empty.
  std::function<engine::token_id(engine::token_id)> distort;
};

/// What an engine was asked to do, kept outside it so that it outlives it.
struct fake_engine_log {
  /// Every step, unless they would be too many to keep.
  std::vector<engine::batch> steps;
  bool keeps_steps = true;
  /// Engines that live now, and that were made.
  std::size_t alive = 0;
  std::size_t made = 0;
};

/// Implements the engine's contract on tokens alone.
///
/// "KV" is the tokens themselves, stored by (block, offset) and read back through the block table from position 0 for
/// each draw: a wrong block table, position or chunk gives a wrong token. A draw is a hash of all the sequence's
/// tokens, the seed, the choice and the draw's number. Breaches of the batch contract throw `std::invalid_argument`.
class fake_engine final : public engine::engine {
public:
  explicit fake_engine(fake_engine_options options, std::shared_ptr<fake_engine_log> log = nullptr);
  ~fake_engine() override;

  const troupe::engine::model_info& info() const override { return info_; }
  std::size_t max_in_flight() const override { return 1; }
  troupe::engine::ticket submit(const troupe::engine::batch& step) override;
  troupe::engine::step_output collect(troupe::engine::ticket t) override;

private:
  void check(const troupe::engine::batch& step) const;
  void check_row(const troupe::engine::batch_row& row) const;
  void write(const troupe::engine::batch_row& row);
  std::vector<troupe::engine::token_id> read(const troupe::engine::batch_row& row, std::size_t count) const;
  void score(const troupe::engine::batch_row& row, troupe::engine::row_output& out) const;
  void pool(const troupe::engine::batch_row& row, troupe::engine::row_output& out) const;
  troupe::engine::row_output draw(const troupe::engine::batch_row& row);

  fake_engine_options options_;
  troupe::engine::model_info info_;
  std::shared_ptr<fake_engine_log> log_;
  /// [kv_blocks][block_size]; -1 where nothing was written.
  std::vector<std::vector<troupe::engine::token_id>> kv_;
  /// Last sample by slot.
  std::vector<troupe::engine::token_id> last_;
  troupe::engine::ticket open_ = 0;
  troupe::engine::ticket next_ = 1;
  std::size_t steps_ = 0;
  troupe::engine::step_output output_;
};

/// The draw that follows `tokens`.
engine::token_id fake_draw(const fake_engine_options& options, const std::vector<engine::token_id>& tokens,
  const engine::sampling_params& sampling, std::uint32_t choice, std::uint64_t sample_index);

/// What a token is in the "KV" of a row with this adapter, from 1; itself without one.
engine::token_id fake_key(const fake_engine_options& options, engine::token_id token, std::uint32_t adapter);

/// The logprob that the fake engine gives a drawn token.
float fake_logprob(engine::token_id token);

/// How likely `token` is behind `tokens`; depends on all of them.
float fake_score(const std::vector<engine::token_id>& tokens, engine::token_id token);

/// The hidden state of the last of `tokens`, as many numbers as the fake engine's have.
std::vector<double> fake_state(const std::vector<engine::token_id>& tokens);

/// What a worker makes of `tokens` with this pooling: floats' bits.
std::vector<std::uint32_t> expected_embedding(const std::vector<engine::token_id>& tokens, engine::pooling pool);

/// The answer of an undisturbed run: `count` tokens at most, ending with `eos` where one comes (unless it is ignored).
std::vector<engine::token_id> expected_answer(const fake_engine_options& options, std::vector<engine::token_id> prompt,
  std::size_t count, const engine::sampling_params& sampling = {}, std::uint32_t choice = 0, bool ignore_eos = false);

/// A loader of fake engines with these options, whatever the config asks for.
std::function<std::unique_ptr<engine::engine>(const engine::engine_options&)> fake_loader(
  fake_engine_options options, std::shared_ptr<fake_engine_log> log = nullptr);

} // namespace troupe::test
