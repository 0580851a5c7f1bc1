// A model's files, opened and checked, before any weight is read: GGUF or a Hugging Face folder, seen alike.
#pragma once

#include "engine/files/model_file.hpp"
#include "engine/files/stored_tensor.hpp"
#include "engine/model_config.hpp"
#include "engine/models/weight_names.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace troupe::engine {

/// An open model. The tensors' bytes are valid as long as it lives.
struct checkpoint {
  std::filesystem::path path;
  file_format format = file_format::gguf;
  model_config config;
  /// Each weight that the decoder needs, shape checked; the head only when it is not tied.
  std::map<weight_key, stored_tensor> weights;
  /// 128-bit hex over what tells this model from another: see digest.hpp.
  std::string digest;
  std::vector<std::shared_ptr<const model_file>> files;
};

/// Opens a model. Throws `load_error` that names every weight that is missing, not used or of a wrong shape.
checkpoint open_checkpoint(const std::filesystem::path& model);

} // namespace troupe::engine
