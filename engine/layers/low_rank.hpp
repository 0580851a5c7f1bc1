// What an adapter adds to a matrix of the model: a product of two narrow ones.
// After: Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models".
#pragma once

#include <ATen/core/Tensor.h>

namespace troupe::engine {

/// W + up * down in place of W, for some of the rows that W is applied to. Undefined where a matrix is not adapted.
/// In float32 whatever the model's dtype: rounded, a small difference is gone.
struct low_rank {
  /// [rank, in]
  at::Tensor down;
  /// [out, rank], scaled.
  at::Tensor up;

  /// Adds to the rows `tokens` of y [rows, out] what they get for those rows of x [rows, in]. Each row's result depends
  /// on that row alone.
  void add_to(at::Tensor& y, const at::Tensor& x, const at::Tensor& tokens) const;
};

} // namespace troupe::engine
