// The engine's public face. Standard library only, so that actors, fakes and tools need no tensor header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "engine/sampling_params.hpp"

namespace troupe::engine {

/// A KV block's index in the pool of one engine.
using block_id = std::uint32_t;
/// Names one submitted step until it is collected.
using ticket = std::uint64_t;

/// A text with its control characters as escapes: names and values in an error may hold anything, and a line of the log
/// shall be one.
std::string one_line(std::string_view text);

/// A model, config or device that cannot be served. The message, one line, names file, field, limit and value.
class load_error : public std::runtime_error {
public:
  explicit load_error(std::string_view message) : std::runtime_error(one_line(message)) {}
};

/// The type that weights and activations are computed in. `automatic` takes what the device runs fast
/// without hurting the answer.
enum class data_type : std::uint8_t { automatic, float32, bfloat16 };

/// A LoRA adapter's files: a folder as PEFT writes it.
struct adapter_folder {
  std::string name;
  std::filesystem::path path;

  friend bool operator==(const adapter_folder&, const adapter_folder&) = default;
};

/// What an engine is made from.
struct engine_options {
  /// A `.gguf` file, or a Hugging Face folder.
  std::filesystem::path model;
  /// `cpu` or `cuda:N`.
  std::string device = "cpu";
  data_type dtype = data_type::automatic;
  /// Threads of one step. 0 takes every core of the machine.
  int threads = 0;
  /// Tokens of one KV block.
  std::size_t block_size = 16;
  /// Size of the KV cache in blocks. 0 derives it from `kv_bytes`.
  std::size_t kv_blocks = 0;
  /// Size of the KV cache in bytes; used when `kv_blocks` is 0.
  std::size_t kv_bytes = std::size_t{1} << 30;
  /// Sequences that can be resident at once: rows of a step, slots that remember a last sample.
  std::size_t max_sequences = 64;
  /// Bound on the tokens of one step, over all its rows.
  std::size_t max_step_tokens = 512;
  /// Upper bound on a sequence's length in tokens; 0 takes the model's own.
  std::size_t max_context = 0;
  /// What rows may be computed with beside the model's own weights.
  std::vector<adapter_folder> adapters = {};

  friend bool operator==(const engine_options&, const engine_options&) = default;
};

/// What is known of a loaded adapter.
struct adapter_info {
  std::string name;
  /// 128-bit hex digest of its files' content, part of cache keys.
  std::string digest;
};

/// What is known of a loaded model.
struct model_info {
  std::string architecture;
  std::string dtype;
  std::string device;
  std::size_t vocabulary = 0;
  std::size_t layers = 0;
  /// Numbers of one token's hidden state: of an embedding.
  std::size_t hidden = 0;
  /// Longest sequence, prompt and answer together, in tokens.
  std::size_t context = 0;
  std::size_t block_size = 0;
  std::size_t kv_blocks = 0;
  std::size_t max_sequences = 0;
  std::size_t max_step_tokens = 0;
  std::size_t weight_bytes = 0;
  std::size_t kv_bytes = 0;
  /// 128-bit hex digest of the model file's identity, part of cache keys and handshakes.
  std::string digest;
  /// In the order of the options.
  std::vector<adapter_info> adapters = {};
};

/// What is made of the hidden states that the model's last norm gave a sequence's tokens: their mean, or the last one.
enum class pooling : std::uint8_t { none, mean, last };

/// The new tokens of one sequence in a step: a prefill chunk or one decode.
struct batch_row {
  /// Below `max_sequences`; one resident sequence keeps one slot. It names the place where the last sample is kept.
  std::uint32_t slot = 0;
  /// New tokens by value. Empty when `from_last_sample`.
  std::vector<token_id> tokens;
  /// The one new token is this slot's last sample, which the caller may not have seen yet.
  bool from_last_sample = false;
  /// Position of the first new token: how many of the sequence's tokens are in the KV cache already.
  std::uint32_t position = 0;
  /// The sequence's block table: block i holds positions [i * block_size, (i + 1) * block_size).
  /// Covers every position up to and including the new tokens.
  std::vector<block_id> blocks;
  /// Which adapter the row is computed with: its place in the options, from 1; 0 for none.
  std::uint32_t adapter = 0;
  /// Whether a token is drawn after the row's last token. False for a prefill chunk that is not the prompt's last.
  bool sample = true;
  sampling_params sampling;
  /// Draw number `sample_index` of choice `choice`: with the seed, all that the draw depends on.
  std::uint32_t choice = 0;
  std::uint64_t sample_index = 0;
  /// What penalties look at, where there are any: the prompt's tokens and those drawn since. Must stay until the step
  /// is collected.
  std::span<const token_id> prompt;
  std::span<const token_id> drawn;
  /// Null lets every token be drawn. Must stay until the step is collected.
  token_filter* filter = nullptr;
  /// Tokens whose logprobs are wanted, each predicted by one new token: the first by the one at `scored_from`, the next
  /// by the one after it. They are the rest of a chunk, and the next one's first. Empty for none.
  std::vector<token_id> scored;
  std::uint32_t scored_from = 0;
  /// Which hidden states are wanted: the sum over the sequence so far (`mean`), or the last new token's.
  pooling pool = pooling::none;
  /// For `mean`: the sum over all tokens before the new ones, as the step before gave it; empty for 0. Must stay until
  /// the step is collected.
  std::span<const double> pooled;

  std::size_t new_tokens() const { return from_last_sample ? 1 : tokens.size(); }
};

/// One step: every row's new tokens go through the model together.
struct batch {
  std::vector<batch_row> rows;
};

/// A token's logprob, and the likeliest tokens at its place with theirs, the likeliest first.
struct token_score {
  float logprob = 0;
  std::vector<token_id> top;
  std::vector<float> top_logprobs;
};

/// What a step gave for one row, in the order of the batch's rows.
struct row_output {
  /// Nothing for a row that did not sample.
  std::optional<token_id> token;
  /// The drawn token's, set when the row asked for it.
  std::optional<token_score> score;
  /// One per token of the row's `scored`.
  std::vector<token_score> scores;
  /// What the row's `pool` asked for: one number per place of the hidden state. A sum goes token by token, so that
  /// it is the same however a sequence was cut into steps.
  std::vector<double> pooled = {};
};

struct step_output {
  std::vector<row_output> rows;
  /// How many of the step's tokens went to each expert, summed over the layers; empty for a model without experts.
  std::vector<std::uint64_t> expert_tokens = {};
};

/// A loaded model on one device with its KV cache.
///
/// Not thread safe: one worker owns it and calls it from one thread. Block ids and slots are the caller's to hand
/// out; the engine only reads and writes what a batch names. A block may be given to another sequence once the last
/// ticket whose batch named it has been collected.
class engine {
public:
  virtual ~engine() = default;

  virtual const model_info& info() const = 0;

  /// How many tickets may be open at once: 1 where a step is computed at once (CPU), 2 where one step is in flight
  /// while the one before is read (GPU).
  virtual std::size_t max_in_flight() const = 0;

  /// Starts a step. Throws `std::invalid_argument` for a batch that breaks the contract above (before anything is
  /// written), and what the device throws when the step fails.
  virtual ticket submit(const batch& step) = 0;

  /// Waits for a step and returns its outputs. Tickets are collected in the order of their submission, each once.
  virtual step_output collect(ticket t) = 0;
};

/// Weights that engines of one process share: what one of them has loaded, the next one with the same model, dtype and
/// device uses too. Keeps nothing alive itself. Thread safe; must outlive the calls that use it, not the engines.
class weight_store {
public:
  weight_store();
  ~weight_store();
  weight_store(const weight_store&) = delete;
  weight_store& operator=(const weight_store&) = delete;

private:
  struct entries;
  std::unique_ptr<entries> entries_;
  friend std::unique_ptr<engine> load_engine(const engine_options& options, weight_store& store);
};

/// Loads a model, with weights that may be another engine's too. Throws `load_error`. The KV cache is allocated and a
/// warm-up step has run when it returns.
std::unique_ptr<engine> load_engine(const engine_options& options, weight_store& store);
/// The same with weights of its own.
std::unique_ptr<engine> load_engine(const engine_options& options);

/// Checks what can be checked without loading tensors: that the model exists, its headers hold, its architecture is
/// known and the device is there. Throws `load_error`. Cheap (reads headers only).
model_info inspect_model(const engine_options& options);

/// A device that a worker may name, with a line for people (`cpu`, `cuda:0`, ...).
struct device_info {
  std::string name;
  std::string description;
};
std::vector<device_info> list_devices();

/// How a model's files describe its tokenizer and template, as `text` wants them. Reading this needs no tensor.
struct text_assets {
  /// Contents of tokenizer.json; empty for a GGUF file.
  std::string tokenizer_json;
  /// From GGUF metadata; empty for a Hugging Face folder.
  std::vector<std::string> tokens;
  std::vector<std::int32_t> token_types;
  std::vector<std::string> merges;
  std::vector<float> scores;
  bool add_space_prefix = true;
  std::string tokenizer_model;
  std::string pre_tokenizer;
  std::optional<token_id> bos;
  std::optional<token_id> unknown;
  bool add_bos = false;
  bool add_eos = false;
  /// All tokens that end an answer.
  std::vector<token_id> eos;
  /// Jinja source; empty when the model has none.
  std::string chat_template;
  /// What the template sees as `bos_token` and `eos_token`.
  std::string bos_text;
  std::string eos_text;
  /// Defaults for requests that are silent, from generation_config.json or a GGUF file's `general.sampling`.
  std::optional<float> temperature;
  std::optional<float> top_p;
  std::optional<std::int32_t> top_k;
  std::optional<float> min_p;
  std::optional<float> repetition_penalty;
};
/// Throws `load_error`.
text_assets read_text_assets(const std::filesystem::path& model);

/// `auto`, `float32` or `bfloat16`.
constexpr std::string_view name(data_type dtype) {
  switch (dtype) {
  case data_type::float32:
    return "float32";
  case data_type::bfloat16:
    return "bfloat16";
  case data_type::automatic:
    break;
  }
  return "auto";
}

/// The type that `name` gives this word to; nothing for another word.
constexpr std::optional<data_type> parse_data_type(std::string_view word) {
  for (const auto dtype : {data_type::automatic, data_type::float32, data_type::bfloat16})
    if (name(dtype) == word)
      return dtype;
  return std::nullopt;
}

} // namespace troupe::engine
