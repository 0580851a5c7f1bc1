#include "engine/layers/low_rank.hpp"

#include "engine/layers/linear.hpp"

#include <ATen/ATen.h>

namespace troupe::engine {

void low_rank::add_to(at::Tensor& y, const at::Tensor& x, const at::Tensor& tokens) const {
  if (!down.defined())
    return;
  const auto added = narrow_linear(narrow_linear(x.index_select(0, tokens), down), up);
  y.index_add_(0, tokens, added.to(y.scalar_type()));
}

} // namespace troupe::engine
