#include "engine/layers/rms_norm.hpp"

#include <ATen/ATen.h>

namespace troupe::engine {

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon) {
  const auto scale = x.square().mean(-1, true).add_(epsilon).rsqrt_();
  return at::mul(x, scale).to(weight.scalar_type()).mul_(weight);
}

} // namespace troupe::engine
