// Paged attention on a CPU: a kernel that walks the block table, compiled once per instruction set.
//
// Sums have one order: over head_dim from 0 for a score, over lanes of 16 positions for the softmax, over positions
// from 0 for the output. None depends on how many queries or rows are computed together, so that a token's result is
// the same, bit for bit, in a chunk of any size and beside any neighbour. Blocks that lie before every token's window
// are left out: what they would add is 0.
//
// No tensor header: the files behind this are compiled with instruction sets that other code must not inherit.
#pragma once

#include <cstddef>
#include <cstdint>

namespace troupe::engine::cpu {

/// Some consecutive tokens of one sequence, for one head of k and v and the heads of q that it serves.
struct attention_tile {
  /// The first token's query for the first of the heads; heads lie side by side.
  const float* queries = nullptr;
  float* out = nullptr;
  /// Floats from one token to the next.
  std::size_t query_stride = 0;
  std::size_t out_stride = 0;
  std::size_t tokens = 0;
  /// Heads of q.
  std::size_t group = 0;
  /// Position of the first token: token t sees positions up to position + t.
  std::size_t position = 0;
  const std::uint32_t* table = nullptr;
  /// `attention_scratch` floats.
  float* scratch = nullptr;
};

/// A layer's cache as the kernel sees it: keys [blocks, kv_heads, head_dim, block_size], values [blocks, kv_heads,
/// block_size, head_dim], float32 or bfloat16. head_dim and block_size are multiples of 16.
struct attention_cache {
  const void* keys = nullptr;
  const void* values = nullptr;
  bool bfloat16 = false;
  std::size_t kv_heads = 0;
  std::size_t kv_head = 0;
  std::size_t head_dim = 0;
  std::size_t block_size = 0;
  /// What scores are multiplied by.
  float scale = 1;
  /// How many positions a token sees, its own included; 0 is all.
  std::size_t window = 0;
};

/// The first position that a token at `position` sees.
inline std::size_t first_seen(const attention_cache& cache, std::size_t position) {
  return cache.window == 0 || position < cache.window ? 0 : position + 1 - cache.window;
}

/// The blocks that a tile looks at: [first, end) of its table.
struct block_range {
  std::size_t first;
  std::size_t end;
};
inline block_range blocks_seen(const attention_tile& tile, const attention_cache& cache) {
  return {first_seen(cache, tile.position) / cache.block_size,
    (tile.position + tile.tokens + cache.block_size - 1) / cache.block_size};
}

/// Floats of scratch that a tile needs.
inline std::size_t attention_scratch(const attention_tile& tile, const attention_cache& cache) {
  const auto blocks = blocks_seen(tile, cache);
  return tile.tokens * tile.group * ((blocks.end - blocks.first) * cache.block_size + cache.head_dim);
}

using attention_kernel = void (*)(const attention_tile&, const attention_cache&);

void attend_avx512(const attention_tile& tile, const attention_cache& cache);
void attend_avx2(const attention_tile& tile, const attention_cache& cache);
void attend_portable(const attention_tile& tile, const attention_cache& cache);

/// The kernel for this processor.
attention_kernel choose_attention();

} // namespace troupe::engine::cpu
