#include "engine/models/decoder.hpp"

#include "engine/layers/attention.hpp"
#include "engine/layers/mlp.hpp"
#include "engine/layers/rms_norm.hpp"

#include <ATen/ATen.h>

namespace troupe::engine {

decoder::decoder(std::shared_ptr<const weights> model, std::size_t context, std::vector<adapter_weights> adapters)
    : model_(std::move(model)),
      adapters_(std::move(adapters)) {
  for (const auto& rope : model_->config.ropes)
    ropes_.emplace_back(rope, context, model_->dtype, model_->device);
}

void decoder::adapt(at::Tensor& y, const at::Tensor& x, std::size_t layer, low_rank adapted_layer::*matrix,
  const batch_layout& layout) const {
  for (const auto& [adapter, tokens] : layout.adapted)
    (adapters_.at(adapter - 1).layers[layer].*matrix).add_to(y, x, tokens);
}

at::Tensor decoder::turned_heads(const at::Tensor& qkv, std::size_t layer, const std::vector<rotations>& turns) const {
  const auto& config = model_->config;
  const auto& weights = model_->layers[layer];
  const auto heads = static_cast<std::int64_t>(config.heads + config.kv_heads);
  const auto head_dim = static_cast<std::int64_t>(config.head_dim);
  const auto epsilon = config.rms_epsilon;
  // Of q, k and v as one row of heads; k's come behind q's.
  auto turned = qkv.view({qkv.size(0), -1, head_dim}).narrow(1, 0, heads);
  if (config.qk_norm == head_norm::all_heads) {
    const auto q = static_cast<std::int64_t>(config.q_width());
    const auto k = static_cast<std::int64_t>(config.kv_width());
    turned = at::cat({rms_norm(qkv.narrow(1, 0, q).to(at::kFloat), weights.q_norm, epsilon),
                       rms_norm(qkv.narrow(1, q, k).to(at::kFloat), weights.k_norm, epsilon)},
      1)
               .view({qkv.size(0), heads, head_dim});
  }
  if (config.qk_norm == head_norm::each_head)
    turned = rms_norm(turned.to(at::kFloat), weights.head_norms, epsilon);
  const auto& form = config.forms[layer];
  return form.rope ? rotate(turned, turns[*form.rope]) : turned;
}

at::Tensor decoder::attend(const at::Tensor& x, std::size_t layer, const batch_layout& layout,
  const std::vector<rotations>& turns, kv_cache& cache) const {
  const auto& config = model_->config;
  const auto& weights = model_->layers[layer];
  const auto heads = static_cast<std::int64_t>(config.heads);
  const auto kv_heads = static_cast<std::int64_t>(config.kv_heads);
  const auto tokens = static_cast<std::int64_t>(layout.tokens);
  auto qkv = weights.qkv(x);
  adapt(qkv, x, layer, &adapted_layer::qkv, layout);
  if (weights.qkv_bias.defined())
    qkv.add_(weights.qkv_bias);
  const auto turned = turned_heads(qkv, layer, turns);
  const auto keys = turned.narrow(0, 0, tokens).narrow(1, heads, kv_heads);
  const auto values =
    qkv.view({x.size(0), heads + 2 * kv_heads, -1}).narrow(0, 0, tokens).narrow(1, heads + kv_heads, kv_heads);
  cache.write(layer, keys, values, layout.write_blocks, layout.write_offsets);
  const auto mixed = paged_attention(
    turned.narrow(1, 0, heads), cache.layer(layer), layout, {config.attention_scale, config.forms[layer].window});
  auto out = weights.out(mixed);
  adapt(out, mixed, layer, &adapted_layer::out, layout);
  return weights.out_bias.defined() ? out.add_(weights.out_bias) : out;
}

at::Tensor decoder::feed_forward(
  const at::Tensor& x, std::size_t layer, const batch_layout& layout, std::vector<std::uint64_t>* expert_tokens) const {
  const auto& config = model_->config;
  const auto& weights = model_->layers[layer];
  if (weights.experts)
    return mix_experts(x, layout.tokens, *weights.experts, *config.experts, config.gate, expert_tokens);
  auto both = weights.gate_up(x);
  adapt(both, x, layer, &adapted_layer::gate_up, layout);
  const auto inner = gated(both, config.gate);
  auto out = weights.down(inner);
  adapt(out, inner, layer, &adapted_layer::down, layout);
  return out;
}

at::Tensor decoder::forward(
  const batch_layout& layout, kv_cache& cache, std::vector<std::uint64_t>* expert_tokens, at::Tensor* pooled) const {
  const auto& config = model_->config;
  const auto epsilon = config.rms_epsilon;
  std::vector<rotations> turns;
  for (const auto& rope : ropes_)
    turns.push_back(rope.at(layout.positions));
  // Kept in float32 whatever the weights' dtype: each layer adds to it, and in bfloat16 each would round all before.
  auto hidden = model_->embedding.index_select(0, layout.token_ids).to(at::kFloat);
  if (config.embedding_scale != 1)
    hidden.mul_(config.embedding_scale);
  const auto add = [&](const at::Tensor& part, const at::Tensor& norm) {
    hidden.add_(norm.defined() ? rms_norm(part.to(at::kFloat), norm, epsilon) : part);
  };
  for (std::size_t i = 0; i < model_->layers.size(); ++i) {
    const auto& layer = model_->layers[i];
    add(attend(rms_norm(hidden, layer.attention_norm, epsilon), i, layout, turns, cache), layer.post_attention_norm);
    add(feed_forward(rms_norm(hidden, layer.mlp_norm, epsilon), i, layout, expert_tokens), layer.post_mlp_norm);
  }
  if (pooled != nullptr && layout.pooled_tokens.defined())
    *pooled = rms_norm(hidden.index_select(0, layout.pooled_tokens), model_->norm, epsilon);
  if (layout.samples == 0)
    return {};
  const auto last = rms_norm(hidden.index_select(0, layout.sampled_tokens), model_->norm, epsilon);
  return model_->head(last).narrow(0, 0, static_cast<std::int64_t>(layout.samples)).to(at::kFloat);
}

} // namespace troupe::engine
