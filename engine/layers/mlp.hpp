// The gated feed-forward layer.
#pragma once

#include "engine/layers/linear.hpp"

namespace troupe::engine {

/// down(silu(gate(x)) * up(x)), gate and up as one matrix of [2 * intermediate, hidden].
///   x       [tokens, hidden]
///   returns [tokens, hidden]
/// After: Shazeer 2020, "GLU Variants Improve Transformer".
at::Tensor mlp(const at::Tensor& x, const linear& gate_up, const linear& down);

} // namespace troupe::engine
