// The decoder: every served architecture is this one, with other numbers.
#pragma once

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
  decoder(std::shared_ptr<const weights> model, std::size_t context);

  /// Runs a step: writes its keys and values to `cache`, returns the logits of the sampled tokens.
  ///   returns [samples, vocabulary], float32; undefined when no row samples
  at::Tensor forward(const batch_layout& layout, kv_cache& cache) const;

  const weights& model() const { return *model_; }

private:
  at::Tensor attend(
    const at::Tensor& x, std::size_t layer, const batch_layout& layout, const rotations& turn, kv_cache& cache) const;

  std::shared_ptr<const weights> model_;
  rope rope_;
};

} // namespace troupe::engine
