// The numbers that give a decoder its form, the same whichever kind of file they came from.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace troupe::engine {

class gguf_file;
class json_fields;

/// Llama 3's stretching of slow rotations to a longer context than the model was first trained on.
struct rope_stretch {
  double factor = 1;
  double low_frequency_factor = 1;
  double high_frequency_factor = 1;
  double original_context = 0;
};

/// A decoder-only transformer: RMS norm, rotary positions, grouped-query attention, gated SiLU MLP.
struct model_config {
  std::string architecture;
  std::size_t vocabulary = 0;
  std::size_t hidden = 0;
  std::size_t layers = 0;
  std::size_t heads = 0;
  /// Heads of k and v; each serves `heads / kv_heads` heads of q.
  std::size_t kv_heads = 0;
  std::size_t head_dim = 0;
  /// Width of the MLP.
  std::size_t intermediate = 0;
  /// Longest sequence in tokens.
  std::size_t context = 0;
  double rms_epsilon = 0;
  double rope_base = 0;
  std::optional<rope_stretch> stretch;
  /// What each rotation's frequency is divided by, [head_dim / 2]; empty when by nothing.
  std::vector<float> rope_divisors;
  /// Whether the output head is the embedding.
  bool tied_head = false;

  std::size_t q_width() const { return heads * head_dim; }
  std::size_t kv_width() const { return kv_heads * head_dim; }
};

/// Reads and checks a GGUF file's configuration. Throws `load_error` that names file, key and value.
model_config read_config(const gguf_file& file);

/// Reads and checks a Hugging Face `config.json`. Throws `load_error` that names file, field and value.
model_config read_config(const json_fields& fields, const std::string& where);

} // namespace troupe::engine
