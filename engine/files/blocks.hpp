// How numbers are stored: plain, or in GGUF's blocks of 32 or 256 numbers that share scales.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace troupe::engine {

/// The names are ggml's. A `_k` block is a super-block of 256 numbers whose parts have small scales of their own.
enum class stored_type : std::uint8_t {
  f32,
  f16,
  bf16,
  q4_0,
  q4_1,
  q5_0,
  q5_1,
  q8_0,
  q2_k,
  q3_k,
  q4_k,
  q5_k,
  q6_k,
  iq4_nl,
  iq4_xs
};

/// As ggml writes it: `Q4_K`.
std::string to_string(stored_type type);

/// Numbers in one block of the type, and the block's bytes.
struct block_shape {
  std::size_t numbers;
  std::size_t bytes;
};
block_shape block_of(stored_type type);

/// The type that a GGUF file gives this number; nothing for one that is not read here.
std::optional<stored_type> stored_type_of(std::uint32_t gguf_number);
/// `F32 (0), F16 (1), ...`
std::string gguf_type_names();

/// Widens `count` numbers, which must be whole blocks, to float32: the same numbers, bit for bit, as ggml's own.
void widen(stored_type type, const std::byte* from, std::size_t count, float* to);

} // namespace troupe::engine
