// How one family of models differs from the others: what a page in families/ fills in.
#pragma once

#include "engine/models/weight_names.hpp"

#include <span>
#include <string_view>

namespace troupe::engine {

/// A whole number that a configuration has where it does not say it.
struct default_count {
  std::string_view field;
  std::size_t value;
};

/// The one decoder serves every family; what is not said here is as in Llama.
struct family {
  /// What `model_type` in a Hugging Face `config.json` says.
  std::string_view model_type = {};
  /// What `general.architecture` in GGUF metadata says; empty where GGUF files go by another family's.
  std::string_view architecture = {};
  /// GGUF stores the rows of q and k so that a rotated pair lies side by side; here, as in Hugging Face's files, its
  /// halves lie half a head apart.
  bool interleaved_rope_in_gguf = false;
  /// Hugging Face's files hold the norms' weights less 1.
  bool norms_less_one = false;
  /// Where the fields are absent.
  bool tied_head = false;
  double rope_base = 10000;
  std::span<const default_count> defaults = {};
  /// Of a model that sees pictures too, the text part is served: where its configuration is, what its weights' names
  /// begin with, and those of the rest.
  std::string_view text_config = {};
  std::string_view text_prefix = {};
  std::span<const std::string_view> foreign_prefixes = {};
  /// Weights that are called otherwise than in Llama; an empty name is as there.
  std::span<const weight_name> names = {};
  /// Reads what the common fields do not say. Where it reads no rope, `rope_parameters` or `rope_scaling` is read.
  void (*from_hugging_face)(model_config& config, const json_fields& fields) = nullptr;
  void (*from_gguf)(model_config& config, const gguf_file& file) = nullptr;
};

} // namespace troupe::engine
