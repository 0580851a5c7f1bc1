// Reads safetensors, the tensor format of Hugging Face: a length, a JSON header, then bytes.
// After: the format's README. Offsets, shapes and sizes are checked before they are believed.
#pragma once

#include "engine/files/mapped_file.hpp"
#include "engine/files/stored_tensor.hpp"

#include <utility>
#include <vector>

namespace troupe::engine {

/// An open safetensors file.
class safetensors_file {
public:
  /// Throws `load_error` that names file, tensor and what is wrong.
  explicit safetensors_file(const std::filesystem::path& path);

  const mapped_file& file() const { return file_; }
  /// Gives the mapping away; the tensors' bytes stay valid as long as it lives.
  mapped_file release() && { return std::move(file_); }
  const std::vector<stored_tensor>& tensors() const { return tensors_; }
  std::size_t header_bytes() const { return header_bytes_; }

private:
  mapped_file file_;
  std::vector<stored_tensor> tensors_;
  std::size_t header_bytes_ = 0;
};

} // namespace troupe::engine
