#include "engine/layers/rope.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace troupe::engine {

namespace {

// In float32 throughout, like the models' own code.

/// What a frequency becomes under llama3: fast rotations stay, slow ones are divided by `factor`, and those between are
/// blended.
float blend_llama3(const rope_config& rope, float frequency) {
  const double turns = rope.original_context * frequency / (2 * std::numbers::pi);
  const double keep = (turns - rope.low_frequency_factor) / (rope.high_frequency_factor - rope.low_frequency_factor);
  const double share = std::clamp(keep, 0.0, 1.0);
  return static_cast<float>(frequency * (share + (1 - share) / rope.factor));
}

/// Yarn's dimension whose rotation turns so often in the original context.
double yarn_dimension(const rope_config& rope, double turns) {
  return static_cast<double>(rope.dimensions) * std::log(rope.original_context / (turns * 2 * std::numbers::pi)) /
    (2 * std::log(rope.base));
}

/// The same under yarn, which counts dimensions instead of turns. After: Peng et al. 2023, "YaRN".
std::vector<float> blend_yarn(const rope_config& rope, std::vector<float> values) {
  auto low = yarn_dimension(rope, rope.beta_fast);
  auto high = yarn_dimension(rope, rope.beta_slow);
  if (rope.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(rope.dimensions) - 1);
  if (low == high)
    high += 0.001;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto ramp = static_cast<float>(std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0));
    values[i] = values[i] / static_cast<float>(rope.factor) * ramp + values[i] * (1 - ramp);
  }
  return values;
}

/// The base that dynamic scaling takes for sequences of `positions` tokens.
double dynamic_base(const rope_config& rope, std::size_t positions) {
  const auto length = std::max(static_cast<double>(positions), rope.original_context);
  const auto dimensions = static_cast<double>(rope.dimensions);
  return rope.base *
    std::pow(rope.factor * length / rope.original_context - (rope.factor - 1), dimensions / (dimensions - 2));
}

/// Frequencies per token, [dimensions / 2], for sequences of up to `positions` tokens.
std::vector<float> frequencies(const rope_config& rope, std::size_t positions) {
  const auto base =
    static_cast<float>(rope.scaling == rope_scaling::dynamic ? dynamic_base(rope, positions) : rope.base);
  const bool beyond = !rope.long_divisors.empty() && static_cast<double>(positions) > rope.original_context;
  const auto& divisors = beyond ? rope.long_divisors : rope.divisors;
  std::vector<float> values(rope.dimensions / 2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto period = std::pow(base, static_cast<float>(2 * i) / static_cast<float>(rope.dimensions));
    values[i] = 1.0F / (divisors.empty() ? period : divisors[i] * period);
    if (rope.scaling == rope_scaling::linear)
      values[i] /= static_cast<float>(rope.factor);
    else if (rope.scaling == rope_scaling::llama3)
      values[i] = blend_llama3(rope, values[i]);
  }
  return rope.scaling == rope_scaling::yarn ? blend_yarn(rope, std::move(values)) : values;
}

} // namespace

rope::rope(const rope_config& config, std::size_t positions, at::ScalarType dtype, at::Device device) {
  const auto values = frequencies(config, positions);
  auto speeds = at::empty({static_cast<std::int64_t>(values.size())}, at::kFloat);
  std::copy(values.begin(), values.end(), speeds.data_ptr<float>());
  const auto angles = at::outer(at::arange(static_cast<std::int64_t>(positions), at::kFloat), speeds);
  const auto sine = angles.sin().mul_(config.magnitude);
  const auto cosine = angles.cos().mul_(config.magnitude);
  cosine_ = at::cat({cosine, cosine}, 1).to(dtype).to(device);
  sine_ = at::cat({-sine, sine}, 1).to(dtype).to(device);
}

rotations rope::at(const at::Tensor& positions) const {
  return {cosine_.index_select(0, positions).unsqueeze(1), sine_.index_select(0, positions).unsqueeze(1)};
}

at::Tensor rotate(const at::Tensor& heads, const rotations& by) {
  const auto width = by.cosine.size(-1);
  if (width < heads.size(-1))
    return at::cat({rotate(heads.narrow(-1, 0, width), by), heads.narrow(-1, width, heads.size(-1) - width)}, -1);
  const auto half = width / 2;
  const auto swapped = at::cat({heads.narrow(-1, half, half), heads.narrow(-1, 0, half)}, -1);
  return at::mul(heads, by.cosine).addcmul_(swapped, by.sine);
}

} // namespace troupe::engine
