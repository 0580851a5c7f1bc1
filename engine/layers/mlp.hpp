// The gated feed-forward layer.
#pragma once

#include "engine/layers/linear.hpp"
#include "engine/model_config.hpp"

namespace troupe::engine {

/// The product of a matrix's two halves, [tokens, 2 * intermediate], the first through `function`.
at::Tensor gated(const at::Tensor& both, activation function);

/// down(gate(x) * up(x)), gate and up as one matrix of [2 * intermediate, hidden], the gate's half through `function`.
///   x       [tokens, hidden]
///   returns [tokens, hidden]
/// After: Shazeer 2020, "GLU Variants Improve Transformer".
at::Tensor mlp(const at::Tensor& x, const linear& gate_up, const linear& down, activation function);

} // namespace troupe::engine
