// The keys and values of all resident sequences, in blocks of a fixed number of tokens.
#pragma once

#include "engine/model_config.hpp"

#include <ATen/core/Tensor.h>

#include <vector>

namespace troupe::engine {

/// One layer's cache, seen by attention.
struct kv_view {
  /// [blocks, kv_heads, head_dim, block_size]: a block's keys lie side by side, so that one query is compared with
  /// all of them at once.
  at::Tensor keys;
  /// [blocks, kv_heads, block_size, head_dim]
  at::Tensor values;

  std::int64_t block_size() const { return values.size(2); }
};

/// All layers' cache. Knows no sequence: who holds which block is the caller's to say. Not thread safe.
class kv_cache {
public:
  /// Allocates, zeroed. On a CPU the memory is claimed from the system as it is first written.
  kv_cache(
    const model_config& config, std::size_t blocks, std::size_t block_size, at::ScalarType dtype, at::Device device);

  const kv_view& layer(std::size_t index) const { return layers_[index]; }
  std::size_t blocks() const { return blocks_; }
  std::size_t bytes() const { return bytes_; }

  /// Writes a step's new tokens.
  ///   keys, values    [tokens, kv_heads, head_dim]
  ///   blocks, offsets [tokens], int64: where each token goes
  void write(std::size_t layer, const at::Tensor& keys, const at::Tensor& values, const at::Tensor& blocks,
    const at::Tensor& offsets);

  /// Bytes of one block over all layers.
  static std::size_t block_bytes(const model_config& config, std::size_t block_size, at::ScalarType dtype);

private:
  std::vector<kv_view> layers_;
  std::size_t blocks_;
  std::size_t bytes_;
};

} // namespace troupe::engine
