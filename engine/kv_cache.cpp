#include "engine/kv_cache.hpp"

#include <ATen/ATen.h>

namespace troupe::engine {

namespace {

/// Zeroed memory, claimed at once: blocks of earlier requests stay for those that begin alike, so sooner or later every
/// block is used, and a server's memory is to be level from its start.
at::Tensor allocate(std::size_t bytes, at::Device device) {
  return at::zeros({static_cast<std::int64_t>(bytes)}, at::TensorOptions(at::kByte).device(device));
}

} // namespace

kv_cache::kv_cache(
  const model_config& config, std::size_t blocks, std::size_t block_size, at::ScalarType dtype, at::Device device)
    : blocks_(blocks),
      bytes_(blocks * block_bytes(config, block_size, dtype)) {
  const auto heads = static_cast<std::int64_t>(config.kv_heads);
  const auto head_dim = static_cast<std::int64_t>(config.head_dim);
  const auto tokens = static_cast<std::int64_t>(block_size);
  const auto count = static_cast<std::int64_t>(blocks);
  const auto all = allocate(bytes_, device).view(dtype).view({static_cast<std::int64_t>(2 * config.layers), -1});
  for (std::size_t i = 0; i < config.layers; ++i) {
    const auto index = static_cast<std::int64_t>(2 * i);
    layers_.push_back({all.select(0, index).view({count, heads, head_dim, tokens}),
      all.select(0, index + 1).view({count, heads, tokens, head_dim})});
  }
}

void kv_cache::write(std::size_t layer, const at::Tensor& keys, const at::Tensor& values, const at::Tensor& blocks,
  const at::Tensor& offsets) {
  const c10::List<std::optional<at::Tensor>> where({blocks, offsets});
  layers_[layer].keys.permute({0, 3, 1, 2}).index_put_(where, keys);
  layers_[layer].values.permute({0, 2, 1, 3}).index_put_(where, values);
}

std::size_t kv_cache::block_bytes(const model_config& config, std::size_t block_size, at::ScalarType dtype) {
  return 2 * config.layers * config.kv_width() * block_size * c10::elementSize(dtype);
}

} // namespace troupe::engine
