// The decoder: every served family is this one, with other numbers.
#pragma once

#include "engine/adapter_weights.hpp"
#include "engine/batch_layout.hpp"
#include "engine/kv_cache.hpp"
#include "engine/layers/rope.hpp"
#include "engine/weights.hpp"

#include <memory>

namespace troupe::engine {

/// Decoder-only transformer of the Llama family. Holds no state of its own: sequences live in the KV cache that a step
/// is given, so that several engines may share the weights.
class decoder {
public:
  /// Computes rotations for positions below `context`.
  decoder(std::shared_ptr<const weights> model, std::size_t context, std::vector<adapter_weights> adapters = {});

  /// Runs a step: writes its keys and values to `cache`, returns the logits of the sampled tokens.
  ///   returns [samples, vocabulary], float32; undefined when no row samples
  /// `expert_tokens`, where given, gains the tokens that went to each expert, summed over the layers.
  /// `pooled`, where given, becomes the normed hidden states of the pooled tokens: [pooled tokens, hidden].
  at::Tensor forward(const batch_layout& layout, kv_cache& cache, std::vector<std::uint64_t>* expert_tokens = nullptr,
    at::Tensor* pooled = nullptr) const;

  const weights& model() const { return *model_; }
  const std::vector<adapter_weights>& adapters() const { return adapters_; }

private:
  /// q's and k's heads of a layer, normalized and turned: [tokens, heads + kv_heads, head_dim].
  at::Tensor turned_heads(const at::Tensor& qkv, std::size_t layer, const std::vector<rotations>& turns) const;
  at::Tensor attend(const at::Tensor& x, std::size_t layer, const batch_layout& layout,
    const std::vector<rotations>& turns, kv_cache& cache) const;
  at::Tensor feed_forward(const at::Tensor& x, std::size_t layer, const batch_layout& layout,
    std::vector<std::uint64_t>* expert_tokens) const;

  /// Adds to y, which one of a layer's matrices made of x, what the step's adapters add to it.
  void adapt(at::Tensor& y, const at::Tensor& x, std::size_t layer, low_rank adapted_layer::*matrix,
    const batch_layout& layout) const;

  std::shared_ptr<const weights> model_;
  std::vector<adapter_weights> adapters_;
  std::vector<rope> ropes_;
};

} // namespace troupe::engine
