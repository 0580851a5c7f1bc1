// A matrix that activations are multiplied by, in the form that the device multiplies fastest by.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>

namespace troupe::engine {

/// y = x W^T, without bias.
///
/// On a CPU the weight is packed for oneDNN when it is made: for float32, and for bfloat16 where the processor has
/// AVX-512. Immutable, so that several engines may share it.
class linear {
public:
  linear() = default;

  /// weight [out, in], contiguous, float32 or bfloat16.
  explicit linear(const at::Tensor& weight);

  /// x [rows, in], contiguous; returns [rows, out] in x's dtype. A row's result does not depend on the other rows when
  /// the number of rows is one that `computed_rows` returns.
  at::Tensor operator()(const at::Tensor& x) const;

private:
  at::Tensor weight_;
  bool packed_ = false;
};

/// x W^T in float32 for a matrix of few rows, which a number of rows of x could have summed in another order: x goes
/// through in parts of one size, so that a row's result depends on nothing but the row.
///   x [rows, in], weight [out, in] in float32; returns [rows, out]
at::Tensor narrow_linear(const at::Tensor& x, const at::Tensor& weight);

/// The number of rows to compute so that each of `rows` rows comes out the same, bit for bit, whatever the number of
/// its neighbours: at least `rows`; the rest is padding.
///
/// oneDNN chooses its kernel by the number of rows. With AVX-512 all kernels but those for a single row sum along K in
/// one order, so that a lone row gets a neighbour. Elsewhere its kernel takes six rows at once and sums what is left
/// over in another order, so that rows are rounded up to a multiple of six and go through it in parts.
///
/// Above 24 rows it is a multiple of 24: oneDNN keeps a kernel for each number of rows it has met, so that as many
/// sizes as prefill chunks can have would cost memory and, at the first of each, time.
std::size_t computed_rows(std::size_t rows, at::Device device);

} // namespace troupe::engine
