// A weight as it lies in a file, and how its numbers are widened to float32 whatever they were stored as.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe::engine {

/// How a file stores numbers. The last two are GGUF's blocks of 32 numbers with a scale each.
enum class stored_type : std::uint8_t { f32, f16, bf16, q8_0, q4_1 };

std::string to_string(stored_type type);

/// Numbers in one block of the type, and the block's bytes.
struct block_shape {
  std::size_t numbers;
  std::size_t bytes;
};
block_shape block_of(stored_type type);

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

/// Widens `count` numbers, which must be whole blocks, to float32.
void widen(stored_type type, const std::byte* from, std::size_t count, float* to);

/// Fails when two tensors of a file share bytes. Throws `load_error` that names both.
void refuse_overlaps(const std::vector<stored_tensor>& tensors);

} // namespace troupe::engine
