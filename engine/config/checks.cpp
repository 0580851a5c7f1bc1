#include "engine/config/checks.hpp"

#include "engine/engine.hpp"

#include <cmath>

namespace troupe::engine {

namespace {

void check_attention(const model_config& config, const std::string& where) {
  check_range(where, "number of attention heads", config.heads, 4096);
  check_range(where, "number of key-value heads", config.kv_heads, config.heads);
  check_range(where, "head size", config.head_dim, 1024);
  if (config.heads % config.kv_heads != 0)
    throw load_error(where + ": number of attention heads must be a multiple of the key-value heads, got " +
      std::to_string(config.heads) + " and " + std::to_string(config.kv_heads));
  if (config.head_dim % 2 != 0)
    throw load_error(where + ": head size must be even, got " + std::to_string(config.head_dim));
  if (!(config.attention_scale >= 0 && std::isfinite(config.attention_scale)))
    throw load_error(where + ": attention scale must be positive, got " + std::to_string(config.attention_scale));
}

void check_ropes(const model_config& config, const std::string& where) {
  for (const auto& rope : config.ropes) {
    if (!(rope.base > 0 && std::isfinite(rope.base)))
      throw load_error(where + ": rope base must be positive, got " + std::to_string(rope.base));
    if (!(rope.magnitude > 0 && std::isfinite(rope.magnitude)))
      throw load_error(where + ": rope magnitude must be positive, got " + std::to_string(rope.magnitude));
    check_range(where, "rotated dimensions", rope.dimensions, config.head_dim);
    if (rope.dimensions % 2 != 0)
      throw load_error(where + ": rotated dimensions must be even, got " + std::to_string(rope.dimensions));
  }
}

void check_experts(const model_config& config, const std::string& where) {
  const auto& experts = *config.experts;
  check_range(where, "number of experts", experts.count, 4096);
  check_range(where, "number of experts over all layers", experts.count * config.layers, 1U << 17U);
  check_range(where, "experts per token", experts.chosen, experts.count);
  check_range(where, "expert intermediate size", experts.intermediate, 1U << 20U);
  if (experts.shared_intermediate > 0)
    check_range(where, "shared expert intermediate size", experts.shared_intermediate, 1U << 20U);
}

} // namespace

void check_range(const std::string& where, const char* name, std::size_t value, std::size_t limit) {
  if (value < 1 || value > limit)
    throw load_error(
      where + ": " + name + " must be between 1 and " + std::to_string(limit) + ", got " + std::to_string(value));
}

void check(const model_config& config, const std::string& where) {
  check_range(where, "vocabulary size", config.vocabulary, 1U << 22U);
  check_range(where, "hidden size", config.hidden, 1U << 17U);
  check_range(where, "number of layers", config.layers, 1024);
  check_attention(config, where);
  check_range(where, "intermediate size", config.intermediate, 1U << 20U);
  check_range(where, "context length", config.context, 1U << 24U);
  if (!(config.rms_epsilon > 0 && config.rms_epsilon < 1))
    throw load_error(where + ": RMS norm epsilon must be between 0 and 1, got " + std::to_string(config.rms_epsilon));
  check_ropes(config, where);
  if (config.experts)
    check_experts(config, where);
}

} // namespace troupe::engine
