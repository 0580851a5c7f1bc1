#include "engine/layers/linear.hpp"

#include "engine/device.hpp"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace troupe::engine {

namespace {

// torch exports these two operators by name only: no header declares them.
at::Tensor pack(const at::Tensor& weight) {
  static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_reorder_linear_weight", "");
  // No number of rows is named: what is packed for any number is the fastest at each that was measured.
  std::vector<c10::IValue> stack{weight, c10::IValue()};
  op.callBoxed(stack);
  return stack.front().toTensor();
}

at::Tensor multiply_packed(const at::Tensor& x, const at::Tensor& weight) {
  using scalars = c10::List<std::optional<at::Scalar>>;
  static const auto op = c10::Dispatcher::singleton()
                           .findSchemaOrThrow("mkldnn::_linear_pointwise", "")
                           .typed<at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                             c10::string_view, scalars, std::optional<c10::string_view>)>();
  return op.call(x, weight, std::nullopt, "none", scalars(), "");
}

// Without AVX-512, oneDNN shares more rows than these among threads at places that are no multiple of six.
constexpr std::int64_t most_rows = 96;

bool packs(const at::Tensor& weight) {
  if (!weight.is_cpu() || !at::hasMKLDNN())
    return false;
  return weight.scalar_type() == at::kFloat || processor().avx512;
}

} // namespace

linear::linear(const at::Tensor& weight) : packed_(packs(weight)) {
  weight_ = packed_ ? pack(weight) : weight;
}

at::Tensor linear::operator()(const at::Tensor& x) const {
  if (!packed_)
    return at::linear(x, weight_);
  if (processor().avx512 || x.size(0) <= most_rows)
    return multiply_packed(x, weight_);
  std::vector<at::Tensor> parts;
  for (const auto& part : x.split(most_rows))
    parts.push_back(multiply_packed(part, weight_));
  return at::cat(parts);
}

at::Tensor narrow_linear(const at::Tensor& x, const at::Tensor& weight) {
  constexpr std::int64_t part = 24;
  std::vector<at::Tensor> results;
  for (std::int64_t first = 0; first < x.size(0); first += part) {
    const auto rows = std::min(part, x.size(0) - first);
    auto block = x.narrow(0, first, rows).to(at::kFloat);
    if (rows < part)
      block = at::cat({block, at::zeros({part - rows, x.size(1)}, block.options())});
    results.push_back(at::linear(block, weight).narrow(0, 0, rows));
  }
  return at::cat(results);
}

std::size_t computed_rows(std::size_t rows, at::Device device) {
  if (!device.is_cpu() || rows == 0)
    return rows;
  const auto round_up = [rows](std::size_t step) { return (rows + step - 1) / step * step; };
  if (rows > 24)
    return round_up(24);
  return processor().avx512 ? std::max<std::size_t>(rows, 2) : round_up(6);
}

} // namespace troupe::engine
