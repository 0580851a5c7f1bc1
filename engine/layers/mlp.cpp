#include "engine/layers/mlp.hpp"

#include <ATen/ATen.h>

namespace troupe::engine {

at::Tensor mlp(const at::Tensor& x, const linear& gate_up, const linear& down) {
  const auto both = gate_up(x);
  const auto width = both.size(-1) / 2;
  return down(at::silu(both.narrow(-1, 0, width)).mul_(both.narrow(-1, width, width)));
}

} // namespace troupe::engine
