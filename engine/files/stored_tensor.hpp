// A weight as it lies in a file.
#pragma once

#include "engine/files/blocks.hpp"
#include "engine/files/model_file.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::engine {

/// Bytes that a tensor of this shape takes. Returns nothing when a row is no whole number of blocks, when a dimension
/// is 0 or when the size exceeds what 63 bits count.
std::optional<std::size_t> stored_bytes(stored_type type, const std::vector<std::size_t>& shape);

/// One tensor of an open file, which stays open as long as it lives.
struct stored_tensor {
  std::string name;
  stored_type type = stored_type::f32;
  /// Slowest dimension first: [rows, columns] for a matrix.
  std::vector<std::size_t> shape;
  std::shared_ptr<const model_file> file;
  /// Where its bytes begin in the file, and how many they are.
  std::size_t offset = 0;
  std::size_t size = 0;

  /// Name of its file, for error messages.
  std::string file_name() const { return file->path().string(); }
  /// All its numbers. Throws `load_error` when the file has become shorter.
  std::vector<float> numbers() const;
};

/// `[49152, 576]`
std::string shape_text(const std::vector<std::size_t>& shape);

/// Fails when two tensors of a file share bytes. Throws `load_error` that names both.
void refuse_overlaps(const std::vector<stored_tensor>& tensors);

} // namespace troupe::engine
