// How the kinds of rope scaling are written down in model files.
#pragma once

#include "engine/files/json_file.hpp"
#include "engine/model_config.hpp"

namespace troupe::engine {

/// What a rope's description leaves to the rest of the configuration.
struct rope_defaults {
  double base = 10000;
  std::size_t head_dim = 0;
  /// Longest sequence as the model names it.
  std::size_t context = 0;
  /// The part of a head that turns.
  double partial = 1;
  /// The original context where it is written outside of the description.
  std::optional<std::size_t> original_context;
};

/// Reads one rope from `rope_parameters` (or an entry of it) or `rope_scaling`; plain when there is none. Throws
/// `load_error` that names the field.
rope_config read_rope(const std::optional<json_fields>& parameters, const rope_defaults& defaults);

/// Reads a configuration's only rope: from `rope_parameters` as newer files have it, or from `rope_theta` and
/// `rope_scaling`.
rope_config read_rope(const json_fields& config, double base, std::size_t head_dim, std::size_t context);

/// Reads a GGUF file's rope: metadata, and the tensors of frequencies' divisors.
rope_config read_rope(const gguf_file& file, const std::string& architecture, std::size_t head_dim);

/// How long sequences may get with this rope: `context`, or more where the scaling is what makes more of it.
std::size_t reachable_context(const rope_config& rope, std::size_t context);

} // namespace troupe::engine
