#include "engine/models/decoder.hpp"

#include "engine/layers/attention.hpp"
#include "engine/layers/mlp.hpp"
#include "engine/layers/rms_norm.hpp"

#include <ATen/ATen.h>

namespace troupe::engine {

decoder::decoder(std::shared_ptr<const weights> model, std::size_t context)
    : model_(std::move(model)),
      rope_(model_->config, context, model_->dtype, model_->device) {}

at::Tensor decoder::attend(
  const at::Tensor& x, std::size_t layer, const batch_layout& layout, const rotations& turn, kv_cache& cache) const {
  const auto& config = model_->config;
  const auto heads = static_cast<std::int64_t>(config.heads);
  const auto kv_heads = static_cast<std::int64_t>(config.kv_heads);
  const auto tokens = static_cast<std::int64_t>(layout.tokens);
  const auto qkv = model_->layers[layer].qkv(x).view({x.size(0), heads + 2 * kv_heads, -1});
  const auto turned = rotate(qkv.narrow(1, 0, heads + kv_heads), turn);
  const auto keys = turned.narrow(0, 0, tokens).narrow(1, heads, kv_heads);
  const auto values = qkv.narrow(0, 0, tokens).narrow(1, heads + kv_heads, kv_heads);
  cache.write(layer, keys, values, layout.write_blocks, layout.write_offsets);
  const auto mixed = paged_attention(turned.narrow(1, 0, heads), cache.layer(layer), layout);
  return model_->layers[layer].out(mixed);
}

at::Tensor decoder::forward(const batch_layout& layout, kv_cache& cache) const {
  const auto epsilon = model_->config.rms_epsilon;
  const auto turn = rope_.at(layout.positions);
  // Kept in float32 whatever the weights' dtype: each layer adds to it, and in bfloat16 each would round all before.
  auto hidden = model_->embedding.index_select(0, layout.token_ids).to(at::kFloat);
  for (std::size_t i = 0; i < model_->layers.size(); ++i) {
    const auto& layer = model_->layers[i];
    hidden.add_(attend(rms_norm(hidden, layer.attention_norm, epsilon), i, layout, turn, cache));
    hidden.add_(mlp(rms_norm(hidden, layer.mlp_norm, epsilon), layer.gate_up, layer.down));
  }
  if (layout.samples == 0)
    return {};
  const auto last = rms_norm(hidden.index_select(0, layout.sampled_tokens), model_->norm, epsilon);
  return model_->head(last).narrow(0, 0, static_cast<std::int64_t>(layout.samples)).to(at::kFloat);
}

} // namespace troupe::engine
