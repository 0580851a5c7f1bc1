// Rotary position embedding.
#pragma once

#include <ATen/core/Tensor.h>

#include "engine/model_config.hpp"

namespace troupe::engine {

/// The rotations of a step's tokens, each [tokens, 1, dimensions]: the turning part h of a head at one position becomes
/// h * cosine + swap_halves(h) * sine.
struct rotations {
  at::Tensor cosine;
  at::Tensor sine;
};

/// Cosines and sines of all positions, computed once.
///
/// Where the scaling depends on the sequence's length (dynamic, longrope), rotations are those of the longest sequence:
/// `positions`. What a token's key is then depends on nothing that comes after it, as a cache that requests share
/// needs. After: Su et al. 2021, "RoFormer: Enhanced Transformer with Rotary Position Embedding", with a pair's halves
/// half a head apart.
class rope {
public:
  rope(const rope_config& config, std::size_t positions, at::ScalarType dtype, at::Device device);

  /// positions [tokens], int64.
  rotations at(const at::Tensor& positions) const;

private:
  at::Tensor cosine_;
  at::Tensor sine_;
};

/// Rotates heads by their token's position.
///   heads   [tokens, heads, head_dim]; what lies behind the rotations' dimensions stays
///   returns [tokens, heads, head_dim], contiguous
at::Tensor rotate(const at::Tensor& heads, const rotations& by);

} // namespace troupe::engine
