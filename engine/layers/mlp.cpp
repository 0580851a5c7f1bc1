#include "engine/layers/mlp.hpp"

#include <ATen/ATen.h>

namespace troupe::engine {

at::Tensor gated(const at::Tensor& both, activation function) {
  const auto width = both.size(-1) / 2;
  const auto gate = both.narrow(-1, 0, width);
  auto opened = function == activation::silu ? at::silu(gate) : at::gelu(gate, "tanh");
  return opened.mul_(both.narrow(-1, width, width));
}

at::Tensor mlp(const at::Tensor& x, const linear& gate_up, const linear& down, activation function) {
  return down(gated(gate_up(x), function));
}

} // namespace troupe::engine
