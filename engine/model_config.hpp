// The numbers that give a decoder its form, the same whichever kind of file they came from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::engine {

struct family;
class gguf_file;
class json_fields;

/// The gate's function in an MLP.
enum class activation : std::uint8_t { silu, gelu_tanh };

/// How rotations are stretched to a longer context than the model was first trained on.
enum class rope_scaling : std::uint8_t { none, linear, dynamic, llama3, yarn, longrope };

/// How positions turn the heads of q and k.
struct rope_config {
  double base = 10000;
  /// A head's first dimensions turn, so many; the rest stay as they are.
  std::size_t dimensions = 0;
  rope_scaling scaling = rope_scaling::none;
  double factor = 1;
  /// The context that the model was first trained on.
  double original_context = 0;
  /// Of llama3: rotations that turn less often in the original context are divided by `factor`, and those that turn
  /// more often stay.
  double low_frequency_factor = 1;
  double high_frequency_factor = 1;
  /// Of yarn: the same, with turns counted down; `truncate` rounds the limits to whole dimensions.
  double beta_fast = 32;
  double beta_slow = 1;
  bool truncate = true;
  /// What cosines and sines are multiplied by.
  double magnitude = 1;
  /// What each rotation's frequency is divided by, [dimensions / 2]; empty when by nothing. Of longrope: within the
  /// original context.
  std::vector<float> divisors;
  /// Of longrope: where the served context is longer than the original.
  std::vector<float> long_divisors;
};

/// What one layer does differently from its neighbours.
struct layer_form {
  /// How many tokens a token sees, itself included; 0 is all.
  std::size_t window = 0;
  /// Which of the model's ropes turns its heads; none does in a layer without positions (NoPE).
  std::optional<std::size_t> rope = 0;
  /// Whether its MLP is a mixture of experts.
  bool experts = false;
};

/// Mixture of experts: MLPs of which a router chooses some for each token.
struct expert_config {
  std::size_t count = 0;
  /// How many the router chooses.
  std::size_t chosen = 0;
  /// Width of one expert.
  std::size_t intermediate = 0;
  /// Width of the expert that every token goes through as well; 0 where there is none.
  std::size_t shared_intermediate = 0;
  /// Whether the chosen ones' weights are scaled to a sum of 1.
  bool normalize = false;
};

/// What q and k are normalized over, if at all.
enum class head_norm : std::uint8_t { none, each_head, all_heads };

/// A decoder-only transformer: RMS norm, rotary positions, grouped-query attention, gated MLP.
struct model_config {
  std::string architecture;
  /// How the model's files differ from others'. Never null in a config that was read.
  const family* kind = nullptr;
  std::size_t vocabulary = 0;
  std::size_t hidden = 0;
  std::size_t layers = 0;
  std::size_t heads = 0;
  /// Heads of k and v; each serves `heads / kv_heads` heads of q.
  std::size_t kv_heads = 0;
  std::size_t head_dim = 0;
  /// Width of the MLP in layers without experts.
  std::size_t intermediate = 0;
  /// Longest sequence in tokens.
  std::size_t context = 0;
  double rms_epsilon = 0;
  /// What the scores of attention are multiplied by; 0 is 1 / sqrt(head_dim).
  double attention_scale = 0;
  /// What embeddings are multiplied by.
  double embedding_scale = 1;
  activation gate = activation::silu;
  head_norm qk_norm = head_norm::none;
  bool qkv_bias = false;
  bool out_bias = false;
  /// Whether attention and MLP are normalized once more before they are added to what they were computed from.
  bool post_norms = false;
  /// Whether files hold q, k and v as one matrix, and gate and up as another.
  bool fused = false;
  /// Whether the output head is the embedding.
  bool tied_head = false;
  std::optional<expert_config> experts;
  std::vector<rope_config> ropes;
  /// One per layer.
  std::vector<layer_form> forms;

  std::size_t q_width() const { return heads * head_dim; }
  std::size_t kv_width() const { return kv_heads * head_dim; }
};

/// Reads and checks a GGUF file's configuration. Throws `load_error` that names file, key and value.
model_config read_config(const gguf_file& file);

/// Reads and checks a Hugging Face `config.json`. Throws `load_error` that names file, field and value.
model_config read_config(const json_fields& fields, const std::string& where);

} // namespace troupe::engine
