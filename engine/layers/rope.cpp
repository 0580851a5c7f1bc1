#include "engine/layers/rope.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

namespace troupe::engine {

namespace {

/// Frequencies per token, [head_dim / 2], in float32 like the models' own code.
at::Tensor frequencies(const model_config& config) {
  const auto half = static_cast<std::int64_t>(config.head_dim / 2);
  auto values = at::empty({half}, at::kFloat);
  auto* to = values.data_ptr<float>();
  for (std::int64_t i = 0; i < half; ++i) {
    const auto exponent = static_cast<float>(2 * i) / static_cast<float>(config.head_dim);
    to[i] = 1.0F / std::pow(static_cast<float>(config.rope_base), exponent);
    if (!config.rope_divisors.empty())
      to[i] /= config.rope_divisors[static_cast<std::size_t>(i)];
    if (!config.stretch)
      continue;
    // Llama 3: fast rotations stay, slow ones are divided by `factor`, and those between are blended.
    const auto& stretch = *config.stretch;
    const double turns = stretch.original_context * to[i] / (2 * std::numbers::pi);
    const double keep =
      (turns - stretch.low_frequency_factor) / (stretch.high_frequency_factor - stretch.low_frequency_factor);
    const double share = std::min(1.0, std::max(0.0, keep));
    to[i] = static_cast<float>(to[i] * (share + (1 - share) / stretch.factor));
  }
  return values;
}

} // namespace

rope::rope(const model_config& config, std::size_t positions, at::ScalarType dtype, at::Device device) {
  const auto steps = at::arange(static_cast<std::int64_t>(positions), at::kFloat);
  const auto angles = at::outer(steps, frequencies(config));
  const auto sine = angles.sin();
  cosine_ = at::cat({angles.cos(), angles.cos()}, 1).to(dtype).to(device);
  sine_ = at::cat({-sine, sine}, 1).to(dtype).to(device);
}

rotations rope::at(const at::Tensor& positions) const {
  return {cosine_.index_select(0, positions).unsqueeze(1), sine_.index_select(0, positions).unsqueeze(1)};
}

at::Tensor rotate(const at::Tensor& heads, const rotations& by) {
  const auto half = heads.size(-1) / 2;
  const auto swapped = at::cat({heads.narrow(-1, half, half), heads.narrow(-1, 0, half)}, -1);
  return at::mul(heads, by.cosine).addcmul_(swapped, by.sine);
}

} // namespace troupe::engine
