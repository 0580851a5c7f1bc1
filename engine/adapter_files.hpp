// A LoRA adapter's files, opened and checked against the model that it is for, before any number is read.
// After: Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models".
#pragma once

#include "engine/files/stored_tensor.hpp"
#include "engine/model_config.hpp"
#include "engine/models/weight_names.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace troupe::engine {

/// What is added to one of the model's matrices W: W + scale * up * down.
struct stored_low_rank {
  /// [rank, in]
  stored_tensor down;
  /// [out, rank]
  stored_tensor up;
  double scale = 0;
};

/// An open adapter. The tensors' bytes are valid as long as it lives.
struct adapter_files {
  /// By the matrix that is adapted: one of attention or of an MLP without experts.
  std::map<weight_key, stored_low_rank> parts;
  /// 128-bit hex over every byte of both files.
  std::string digest;

  /// Memory of its numbers in float32. Loaded, those of matrices that are computed as one take somewhat more.
  std::size_t bytes() const;
};

/// Opens a folder of `adapter_config.json` and `adapter_model.safetensors`, as PEFT writes it for a Hugging Face
/// model; the model itself may come from a GGUF file. Throws `load_error` that names file, tensor and what is wrong.
adapter_files open_adapter(const std::filesystem::path& folder, const model_config& config);

} // namespace troupe::engine
