// Reads safetensors, the tensor format of Hugging Face: a length, a JSON header, then bytes.
// After: the format's README. Offsets, shapes and sizes are checked before they are believed.
#pragma once

#include "engine/files/model_file.hpp"
#include "engine/files/stored_tensor.hpp"

#include <memory>
#include <vector>

namespace troupe::engine {

/// An open safetensors file.
class safetensors_file {
public:
  /// Throws `load_error` that names file, tensor and what is wrong.
  explicit safetensors_file(const std::filesystem::path& path);

  const std::shared_ptr<const model_file>& file() const { return file_; }
  const std::vector<stored_tensor>& tensors() const { return tensors_; }
  std::size_t header_bytes() const { return header_bytes_; }

private:
  std::shared_ptr<const model_file> file_;
  std::vector<stored_tensor> tensors_;
  std::size_t header_bytes_ = 0;
};

} // namespace troupe::engine
