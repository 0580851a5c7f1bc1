#include "engine/files/blocks.hpp"

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <array>
#include <cstring>

// After: ggml's `block_*` structures and `dequantize_row_*`. Every product and sum stands in ggml's order.
namespace troupe::engine {

namespace {

using bytes = const std::byte*;

template <class T>
T load(bytes from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

float half_at(bytes from) {
  return c10::detail::fp16_ieee_to_fp32_value(load<std::uint16_t>(from));
}

unsigned low(std::byte b) {
  return std::to_integer<unsigned>(b) & 15U;
}

unsigned high(std::byte b) {
  return std::to_integer<unsigned>(b) >> 4U;
}

float number(unsigned q) {
  return static_cast<float>(q);
}

float number(int q) {
  return static_cast<float>(q);
}

void widen_f32(bytes from, float* to) {
  *to = load<float>(from);
}

void widen_f16(bytes from, float* to) {
  *to = half_at(from);
}

void widen_bf16(bytes from, float* to) {
  *to = c10::detail::f32_from_bits(load<std::uint16_t>(from));
}

/// d: f16, then 16 bytes of two q each, low halves first: d * (q - 8).
void widen_q4_0(bytes from, float* to) {
  const float d = half_at(from);
  for (int i = 0; i < 16; ++i) {
    to[i] = d * number(static_cast<int>(low(from[2 + i])) - 8);
    to[i + 16] = d * number(static_cast<int>(high(from[2 + i])) - 8);
  }
}

/// d: f16, m: f16, then 16 bytes of two q each, low halves first: d * q + m.
void widen_q4_1(bytes from, float* to) {
  const float d = half_at(from);
  const float m = half_at(from + 2);
  for (int i = 0; i < 16; ++i) {
    to[i] = d * number(low(from[4 + i])) + m;
    to[i + 16] = d * number(high(from[4 + i])) + m;
  }
}

/// Bit i of `bits` as a fifth bit.
unsigned fifth(std::uint32_t bits, int i) {
  return (bits >> i & 1U) << 4U;
}

/// d: f16, the fifth bits, then 16 bytes as in Q4_0: d * (q - 16).
void widen_q5_0(bytes from, float* to) {
  const float d = half_at(from);
  const auto bits = load<std::uint32_t>(from + 2);
  for (int i = 0; i < 16; ++i) {
    to[i] = d * number(static_cast<int>(low(from[6 + i]) | fifth(bits, i)) - 16);
    to[i + 16] = d * number(static_cast<int>(high(from[6 + i]) | fifth(bits, i + 16)) - 16);
  }
}

/// d: f16, m: f16, the fifth bits, then 16 bytes as in Q4_1: d * q + m.
void widen_q5_1(bytes from, float* to) {
  const float d = half_at(from);
  const float m = half_at(from + 2);
  const auto bits = load<std::uint32_t>(from + 4);
  for (int i = 0; i < 16; ++i) {
    to[i] = d * number(low(from[8 + i]) | fifth(bits, i)) + m;
    to[i + 16] = d * number(high(from[8 + i]) | fifth(bits, i + 16)) + m;
  }
}

/// d: f16, then 32 signed bytes q: d * q.
void widen_q8_0(bytes from, float* to) {
  const float d = half_at(from);
  for (int i = 0; i < 32; ++i)
    to[i] = d * number(static_cast<int>(std::to_integer<std::int8_t>(from[2 + i])));
}

/// 16 bytes of a 4-bit scale and a 4-bit minimum, 64 bytes of four q each, d: f16, dmin: f16.
void widen_q2_k(bytes from, float* to) {
  const float d = half_at(from + 80);
  const float least = half_at(from + 82);
  for (int part = 0; part < 16; ++part) {
    const float scale = d * number(low(from[part]));
    const float minimum = least * number(high(from[part]));
    const auto* q = from + 16 + part / 8 * 32 + part % 2 * 16;
    const auto shift = static_cast<unsigned>(part % 8 / 2 * 2);
    for (int i = 0; i < 16; ++i)
      *to++ = scale * number(std::to_integer<unsigned>(q[i]) >> shift & 3U) - minimum;
  }
}

/// The six bits of part `i`'s scale in Q3_K: four in the first 8 bytes, two in the last 4.
int q3_k_scale(bytes scales, int i) {
  const auto four = i < 8 ? low(scales[i]) : high(scales[i - 8]);
  const auto two = std::to_integer<unsigned>(scales[8 + i % 4]) >> static_cast<unsigned>(i / 4 * 2) & 3U;
  return static_cast<int>(four | two << 4U) - 32;
}

/// 32 bytes of third bits, 64 bytes of four q each, 12 bytes of sixteen 6-bit scales, d: f16.
void widen_q3_k(bytes from, float* to) {
  const float d = half_at(from + 108);
  for (int part = 0; part < 16; ++part) {
    const float scale = d * number(q3_k_scale(from + 96, part));
    const auto* q = from + 32 + part / 8 * 32 + part % 2 * 16;
    const auto* third = from + part % 2 * 16;
    const auto shift = static_cast<unsigned>(part % 8 / 2 * 2);
    for (int i = 0; i < 16; ++i) {
      const bool set = (std::to_integer<unsigned>(third[i]) >> static_cast<unsigned>(part / 2) & 1U) != 0;
      const auto two = static_cast<int>(std::to_integer<unsigned>(q[i]) >> shift & 3U);
      *to++ = scale * number(set ? two : two - 4);
    }
  }
}

struct scale_and_minimum {
  unsigned scale;
  unsigned minimum;
};

/// The eight 6-bit scales and minima of Q4_K and Q5_K, in 12 bytes.
scale_and_minimum k_scale(bytes scales, int i) {
  const auto at = [&](int j) { return std::to_integer<unsigned>(scales[j]); };
  if (i < 4)
    return {at(i) & 63U, at(i + 4) & 63U};
  return {(at(i + 4) & 15U) | at(i - 4) >> 6U << 4U, at(i + 4) >> 4U | at(i) >> 6U << 4U};
}

/// d: f16, dmin: f16, the scales, then 128 bytes of two q each.
void widen_q4_k(bytes from, float* to) {
  const float d = half_at(from);
  const float least = half_at(from + 2);
  for (int part = 0; part < 8; ++part) {
    const auto [s, m] = k_scale(from + 4, part);
    const float scale = d * number(s);
    const float minimum = least * number(m);
    const auto* q = from + 16 + part / 2 * 32;
    for (int i = 0; i < 32; ++i)
      *to++ = scale * number(part % 2 == 0 ? low(q[i]) : high(q[i])) - minimum;
  }
}

/// As Q4_K, with 32 bytes of fifth bits before the q.
void widen_q5_k(bytes from, float* to) {
  const float d = half_at(from);
  const float least = half_at(from + 2);
  for (int part = 0; part < 8; ++part) {
    const auto [s, m] = k_scale(from + 4, part);
    const float scale = d * number(s);
    const float minimum = least * number(m);
    const auto* q = from + 48 + part / 2 * 32;
    for (int i = 0; i < 32; ++i) {
      const auto bit = std::to_integer<unsigned>(from[16 + i]) >> static_cast<unsigned>(part) & 1U;
      *to++ = scale * number((part % 2 == 0 ? low(q[i]) : high(q[i])) | bit << 4U) - minimum;
    }
  }
}

/// 128 bytes of low halves, 64 bytes of four upper pairs of bits each, 16 signed scales, d: f16: d * scale * (q - 32).
void widen_q6_k(bytes from, float* to) {
  const float d = half_at(from + 208);
  for (int part = 0; part < 16; ++part) {
    const float scale = d * number(static_cast<int>(std::to_integer<std::int8_t>(from[192 + part])));
    const int row = part % 8 / 2;
    const auto* q = from + part / 8 * 64 + row % 2 * 32 + part % 2 * 16;
    const auto* upper = from + 128 + part / 8 * 32 + part % 2 * 16;
    for (int i = 0; i < 16; ++i) {
      const auto four = row < 2 ? low(q[i]) : high(q[i]);
      const auto two = std::to_integer<unsigned>(upper[i]) >> static_cast<unsigned>(row * 2) & 3U;
      *to++ = scale * number(static_cast<int>(four | two << 4U) - 32);
    }
  }
}

/// The sixteen steps of the IQ4 types: not evenly spaced.
constexpr std::array<float, 16> steps{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

void widen_steps(bytes q, float scale, float* to) {
  for (int i = 0; i < 16; ++i) {
    to[i] = scale * steps[low(q[i])];
    to[i + 16] = scale * steps[high(q[i])];
  }
}

/// d: f16, then 16 bytes of two steps each.
void widen_iq4_nl(bytes from, float* to) {
  widen_steps(from + 2, half_at(from), to);
}

/// d: f16, upper pairs of the eight scales' bits, their low halves, then eight times 16 bytes as in IQ4_NL.
void widen_iq4_xs(bytes from, float* to) {
  const float d = half_at(from);
  const auto upper = load<std::uint16_t>(from + 2);
  for (int part = 0; part < 8; ++part) {
    const auto half = part % 2 == 0 ? low(from[4 + part / 2]) : high(from[4 + part / 2]);
    const auto scale = half | (static_cast<unsigned>(upper) >> static_cast<unsigned>(part * 2) & 3U) << 4U;
    widen_steps(from + 8 + part * 16, d * number(static_cast<int>(scale) - 32), to + part * 32);
  }
}

struct format {
  const char* name;
  /// `ggml_type`.
  std::uint32_t gguf_number;
  block_shape block;
  void (*widen_block)(bytes from, float* to);
};

/// In the order of `stored_type`.
constexpr std::array formats{
  format{"F32", 0, {1, 4}, widen_f32},
  format{"F16", 1, {1, 2}, widen_f16},
  format{"BF16", 30, {1, 2}, widen_bf16},
  format{"Q4_0", 2, {32, 18}, widen_q4_0},
  format{"Q4_1", 3, {32, 20}, widen_q4_1},
  format{"Q5_0", 6, {32, 22}, widen_q5_0},
  format{"Q5_1", 7, {32, 24}, widen_q5_1},
  format{"Q8_0", 8, {32, 34}, widen_q8_0},
  format{"Q2_K", 10, {256, 84}, widen_q2_k},
  format{"Q3_K", 11, {256, 110}, widen_q3_k},
  format{"Q4_K", 12, {256, 144}, widen_q4_k},
  format{"Q5_K", 13, {256, 176}, widen_q5_k},
  format{"Q6_K", 14, {256, 210}, widen_q6_k},
  format{"IQ4_NL", 20, {32, 18}, widen_iq4_nl},
  format{"IQ4_XS", 23, {256, 136}, widen_iq4_xs},
};
static_assert(formats.size() == static_cast<std::size_t>(stored_type::iq4_xs) + 1);

const format& format_of(stored_type type) {
  return formats[static_cast<std::size_t>(type)];
}

} // namespace

std::string to_string(stored_type type) {
  return format_of(type).name;
}

block_shape block_of(stored_type type) {
  return format_of(type).block;
}

std::optional<stored_type> stored_type_of(std::uint32_t gguf_number) {
  for (std::size_t i = 0; i < formats.size(); ++i)
    if (formats[i].gguf_number == gguf_number)
      return static_cast<stored_type>(i);
  return std::nullopt;
}

std::string gguf_type_names() {
  std::string names;
  for (const auto& known : formats)
    names += (names.empty() ? "" : ", ") + std::string(known.name) + " (" + std::to_string(known.gguf_number) + ")";
  return names;
}

void widen(stored_type type, const std::byte* from, std::size_t count, float* to) {
  if (type == stored_type::f32) {
    std::memcpy(to, from, count * sizeof(float));
    return;
  }
  const auto& stored = format_of(type);
  for (std::size_t i = 0; i < count; i += stored.block.numbers, from += stored.block.bytes)
    stored.widen_block(from, to + i);
}

} // namespace troupe::engine
