// A weight as it lies in a file.
#pragma once

#include "engine/files/blocks.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe::engine {

/// Bytes that a tensor of this shape takes. Returns nothing when a row is no whole number of blocks, when a dimension
/// is 0 or when the size exceeds what 63 bits count.
std::optional<std::size_t> stored_bytes(stored_type type, const std::vector<std::size_t>& shape);

/// One tensor of an open file. `bytes` stays valid as long as the file is mapped.
struct stored_tensor {
  std::string name;
  stored_type type = stored_type::f32;
  /// Slowest dimension first: [rows, columns] for a matrix.
  std::vector<std::size_t> shape;
  std::span<const std::byte> bytes;
  /// For error messages.
  std::shared_ptr<const std::filesystem::path> file;
};

/// `[49152, 576]`
std::string shape_text(const std::vector<std::size_t>& shape);

/// Fails when two tensors of a file share bytes. Throws `load_error` that names both.
void refuse_overlaps(const std::vector<stored_tensor>& tensors);

} // namespace troupe::engine
