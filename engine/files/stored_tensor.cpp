#include "engine/files/stored_tensor.hpp"

#include "engine/engine.hpp"

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace troupe::engine {

namespace {

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

float half_at(const std::byte* from) {
  return c10::detail::fp16_ieee_to_fp32_value(load<std::uint16_t>(from));
}

/// d: f16, then 32 signed bytes q: d * q.
void widen_q8_0(const std::byte* from, float* to) {
  const float d = half_at(from);
  for (int i = 0; i < 32; ++i)
    to[i] = d * static_cast<float>(std::to_integer<std::int8_t>(from[2 + i]));
}

/// d: f16, m: f16, then 16 bytes of two q each, low halves first: d * q + m.
void widen_q4_1(const std::byte* from, float* to) {
  const float d = half_at(from);
  const float m = half_at(from + 2);
  for (int i = 0; i < 16; ++i) {
    const auto pair = std::to_integer<unsigned>(from[4 + i]);
    to[i] = d * static_cast<float>(pair & 15U) + m;
    to[i + 16] = d * static_cast<float>(pair >> 4U) + m;
  }
}

} // namespace

std::string to_string(stored_type type) {
  switch (type) {
  case stored_type::f32:
    return "F32";
  case stored_type::f16:
    return "F16";
  case stored_type::bf16:
    return "BF16";
  case stored_type::q8_0:
    return "Q8_0";
  case stored_type::q4_1:
    return "Q4_1";
  }
  return "?";
}

block_shape block_of(stored_type type) {
  switch (type) {
  case stored_type::f32:
    return {1, 4};
  case stored_type::f16:
  case stored_type::bf16:
    return {1, 2};
  case stored_type::q8_0:
    return {32, 34};
  case stored_type::q4_1:
    return {32, 20};
  }
  return {1, 0};
}

std::optional<std::size_t> stored_bytes(stored_type type, const std::vector<std::size_t>& shape) {
  const auto block = block_of(type);
  if (shape.empty() || shape.back() % block.numbers != 0)
    return std::nullopt;
  constexpr auto limit = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
  std::size_t count = 1;
  for (const auto extent : shape) {
    if (extent == 0 || count > limit / block.bytes / extent)
      return std::nullopt;
    count *= extent;
  }
  return count / block.numbers * block.bytes;
}

std::string shape_text(const std::vector<std::size_t>& shape) {
  std::string text = "[";
  for (const auto extent : shape)
    text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  return text + "]";
}

void widen(stored_type type, const std::byte* from, std::size_t count, float* to) {
  switch (type) {
  case stored_type::f32:
    std::memcpy(to, from, count * sizeof(float));
    return;
  case stored_type::f16:
    for (std::size_t i = 0; i < count; ++i)
      to[i] = half_at(from + 2 * i);
    return;
  case stored_type::bf16:
    for (std::size_t i = 0; i < count; ++i)
      to[i] = c10::detail::f32_from_bits(load<std::uint16_t>(from + 2 * i));
    return;
  case stored_type::q8_0:
    for (std::size_t i = 0; i < count; i += 32)
      widen_q8_0(from + i / 32 * 34, to + i);
    return;
  case stored_type::q4_1:
    for (std::size_t i = 0; i < count; i += 32)
      widen_q4_1(from + i / 32 * 20, to + i);
    return;
  }
}

void refuse_overlaps(const std::vector<stored_tensor>& tensors) {
  std::vector<const stored_tensor*> order;
  for (const auto& tensor : tensors)
    order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->bytes.data() < b->bytes.data(); });
  for (std::size_t i = 1; i < order.size(); ++i) {
    const auto& before = *order[i - 1];
    if (before.bytes.data() + before.bytes.size() > order[i]->bytes.data())
      throw load_error(
        before.file->string() + ": tensors '" + before.name + "' and '" + order[i]->name + "' share bytes");
  }
}

} // namespace troupe::engine
