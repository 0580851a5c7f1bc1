// Root mean square normalization.
#pragma once

#include <ATen/core/Tensor.h>

namespace troupe::engine {

/// Scales each row of x to a root mean square of 1, then by `weight`.
///   x       [tokens, hidden], float32
///   weight  [hidden]
///   returns [tokens, hidden], weight's dtype
/// After: Zhang and Sennrich 2019, "Root Mean Square Layer Normalization".
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon);

} // namespace troupe::engine
