#include "engine/layers/linear.hpp"

#include "engine/device.hpp"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <catch2/catch.hpp>

using namespace troupe::engine;

namespace {

at::Tensor multiply_rows(const linear& weight, const at::Tensor& x, std::int64_t rows) {
  const auto computed = static_cast<std::int64_t>(computed_rows(static_cast<std::size_t>(rows), at::kCPU));
  auto padded = at::zeros({computed, x.size(1)}, x.options());
  padded.narrow(0, 0, rows).copy_(x.narrow(0, 0, rows));
  return weight(padded).narrow(0, 0, rows);
}

} // namespace

TEST_CASE("a row of a linear layer is the same, bit for bit, among any number of rows") {
  const c10::InferenceMode guard;
  const auto dtype = GENERATE(at::kFloat, at::kBFloat16);
  // The shapes of the default model: q, k and v; out; gate and up; down.
  const auto [out, in] = GENERATE(table<int, int>({{960, 576}, {576, 576}, {3072, 576}, {576, 1536}}));
  if (dtype == at::kBFloat16 && !processor().avx512)
    return;
  INFO(out << " x " << in << " in " << c10::toString(dtype));
  at::manual_seed(5);
  const linear weight((at::randn({out, in}) * 0.05).to(dtype));
  const auto x = at::randn({256, in}).to(dtype);
  const auto all = multiply_rows(weight, x, 256);
  for (const auto rows : {1, 2, 3, 5, 6, 7, 8, 11, 12, 16, 17, 31, 32, 33, 64, 100, 200}) {
    INFO(rows << " rows");
    CHECK(multiply_rows(weight, x, rows).equal(all.narrow(0, 0, rows)));
  }
}

TEST_CASE("a linear layer multiplies by the transposed weight") {
  const c10::InferenceMode guard;
  at::manual_seed(6);
  const auto matrix = at::randn({33, 47});
  const auto x = at::randn({9, 47});
  CHECK(at::allclose(linear(matrix)(x), at::matmul(x, matrix.t()), 1e-4, 1e-4));
}
