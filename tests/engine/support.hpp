// What the engine's tests share: the committed models, their goldens, and a bench that runs a decoder by hand.
#pragma once

#include "engine/batch_layout.hpp"
#include "engine/checkpoint.hpp"
#include "engine/kv_cache.hpp"
#include "engine/models/decoder.hpp"

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace troupe::engine::testing {

/// The default model's file. Tests run in the repository's root.
inline const std::filesystem::path default_model = "models/SmolLM2-135M-Instruct.Q4_1.gguf";
inline const std::filesystem::path goldens = "tests/engine/goldens";

/// One prompt and what transformers makes of it.
struct golden {
  std::vector<token_id> tokens;
  std::vector<std::int64_t> indexes;
  std::vector<float> logits;
  std::vector<token_id> greedy;
  /// How far transformers' own bfloat16 is off from its float32.
  float bfloat16_off = 0;
};

/// The prompts of a model by name: short, long, unicode, special.
std::map<std::string, golden> read_goldens(const std::string& model);
std::map<std::string, golden> read_goldens(const json_fields& prompts);

/// Largest difference between logits [vocabulary] and a golden's.
float deviation(const at::Tensor& logits, const golden& expected);

/// A sequence that a bench feeds to its decoder.
struct fed_sequence {
  std::vector<token_id> tokens;
  std::vector<block_id> blocks;
  std::size_t done = 0;
  /// Counts from 1; 0 for none.
  std::uint32_t adapter = 0;
};

/// A decoder with a cache, run step by step below the engine's public face, so that logits can be seen. Serves the
/// model's context unless told otherwise. Runs in one thread, which on a busy machine is the steadiest.
class bench {
public:
  explicit bench(const std::filesystem::path& model, at::ScalarType dtype = at::kFloat, std::size_t blocks = 512,
    std::size_t block_size = 16, std::size_t context = 0, const std::vector<std::filesystem::path>& adapters = {});

  /// A sequence with blocks for `room` tokens, the highest free block first: never in order.
  fed_sequence start(std::vector<token_id> tokens, std::size_t room);

  /// Feeds `counts[i]` more tokens of each sequence in one step (0 leaves it out). Returns logits, one row for each
  /// sequence that was fed, after its last fed token.
  at::Tensor feed(const std::vector<fed_sequence*>& sequences, const std::vector<std::size_t>& counts);

  /// Feeds all that is left in chunks of `chunk` tokens (0: whole). Returns logits [vocabulary] after the last.
  at::Tensor feed_all(fed_sequence& sequence, std::size_t chunk);

  /// Feeds the highest token of `logits`, and so on `count` times. Returns the tokens.
  std::vector<token_id> greedy(fed_sequence& sequence, at::Tensor logits, std::size_t count);

  void forget_blocks();

  const model_config& config() const { return decoder_->model().config; }

private:
  std::unique_ptr<decoder> decoder_;
  std::unique_ptr<kv_cache> cache_;
  std::size_t block_size_;
  std::size_t free_;
};

} // namespace troupe::engine::testing
