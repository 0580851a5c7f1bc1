#include "engine/weights.hpp"

#include "engine/models/family.hpp"
#include "engine/warnings.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <bit>

namespace troupe::engine {

namespace {

/// Bytes that are read from a file at once, about.
constexpr std::size_t read_bytes = 65536;

/// A stored matrix, and how many heads' rows stand in GGUF's interleaved order; 0 when none do.
struct part {
  stored_tensor tensor;
  std::size_t interleaved_heads = 0;
};

/// The row that a file's row becomes: pairs (2j, 2j + 1) of a head become (j, j + half).
std::size_t row_place(std::size_t row, std::size_t rows, std::size_t interleaved_heads) {
  if (interleaved_heads == 0)
    return row;
  const auto head_dim = rows / interleaved_heads;
  const auto in_head = row % head_dim;
  return row - in_head + in_head % 2 * (head_dim / 2) + in_head / 2;
}

/// Whether all numbers are finite. Branch-free, so that it costs next to nothing beside the widening.
bool all_finite(const std::vector<float>& numbers) {
  constexpr std::uint32_t exponent = 0x7F800000;
  std::uint32_t odd = 0;
  for (const auto number : numbers)
    odd |= static_cast<std::uint32_t>((std::bit_cast<std::uint32_t>(number) & exponent) == exponent);
  return odd == 0;
}

/// Widens a matrix's rows into those of a tensor, from row `first` on. Numbers that are none are kept, and told.
template <class T>
void widen_rows(const part& from, T* to, std::size_t first) {
  const auto& tensor = from.tensor;
  const auto columns = tensor.shape.back();
  const auto rows = tensor.shape.size() == 1 ? 1 : tensor.shape.front();
  const auto row_bytes = tensor.size / rows;
  std::atomic<bool> finite = true;
  const auto at_once = std::max<std::size_t>(1, read_bytes / row_bytes);
  at::parallel_for(0, static_cast<std::int64_t>(rows), 64, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::byte> stored;
    std::vector<float> wide(columns);
    const auto last = static_cast<std::size_t>(end);
    for (auto row = static_cast<std::size_t>(begin), read = row; row < last; ++row) {
      if (row == read) {
        read = std::min(last, row + at_once);
        stored = tensor.file->bytes(tensor.offset + row * row_bytes, (read - row) * row_bytes);
      }
      widen(tensor.type, stored.data() + stored.size() - (read - row) * row_bytes, columns, wide.data());
      if (!all_finite(wide))
        finite = false;
      auto* place = to + (first + row_place(row, rows, from.interleaved_heads)) * columns;
      std::copy(wide.begin(), wide.end(), place);
    }
  });
  if (!finite)
    warn_of_odd_numbers(tensor.file_name(), tensor.name);
}

/// The matrix of one expert in a tensor that holds all of a layer's.
stored_tensor slice(const stored_tensor& all, std::size_t index) {
  auto one = all;
  one.size = all.size / all.shape.front();
  one.offset += index * one.size;
  one.shape.erase(one.shape.begin());
  return one;
}

/// A vector as a matrix of one column, so that it stacks and its rows move as a matrix's do.
stored_tensor column(stored_tensor vector) {
  vector.shape.push_back(1);
  return vector;
}

class weight_loader {
public:
  using role = weight_role;

  weight_loader(const checkpoint& model, weights& into) : model_(model), config_(model.config), into_(into) {
    interleaved_ = model.format == file_format::gguf && config_.kind->interleaved_rope_in_gguf;
    less_one_ = model.format == file_format::hugging_face && config_.kind->norms_less_one;
  }

  at::Tensor matrix(role what) const { return keep(stack({whole(what)}, into_.dtype)); }

  /// [length], scaled by in float32 before it is narrowed.
  at::Tensor norm(role what, std::size_t layer = 0) const {
    const auto weight = stack({{model_.weights.at({what, layer, 0})}}, at::kFloat);
    return less_one_ ? keep(weight.add(1)) : keep(weight);
  }

  layer_weights layer(std::size_t index) const {
    layer_weights layer;
    layer.attention_norm = norm(role::attention_norm, index);
    load_attention(layer, index);
    if (config_.post_norms)
      layer.post_attention_norm = norm(role::post_attention_norm, index);
    layer.mlp_norm = norm(role::mlp_norm, index);
    if (config_.forms[index].experts) {
      layer.experts = experts(index);
    } else {
      layer.gate_up =
        config_.fused ? pack({named(role::gate_up, index)}) : pack({named(role::gate, index), named(role::up, index)});
      layer.down = pack({named(role::down, index)});
    }
    if (config_.post_norms)
      layer.post_mlp_norm = norm(role::post_mlp_norm, index);
    return layer;
  }

private:
  part whole(role what) const { return {model_.weights.at({what, 0, 0})}; }

  part named(role what, std::size_t layer, std::size_t rope_heads = 0) const {
    return {model_.weights.at({what, layer, 0}), interleaved_ ? rope_heads : 0};
  }

  part expert(role what, std::size_t layer, std::size_t index) const {
    if (model_.format == file_format::gguf)
      return {slice(model_.weights.at({what, layer, 0}), index)};
    return {model_.weights.at({what, layer, index})};
  }

  part bias(role what, std::size_t layer, std::size_t rope_heads = 0) const {
    auto tensor = named(what, layer, rope_heads);
    tensor.tensor = column(std::move(tensor.tensor));
    return tensor;
  }

  /// Parts one below the other.
  static at::Tensor stack(const std::vector<part>& parts, at::ScalarType dtype) {
    const auto& shape = parts.front().tensor.shape;
    std::size_t rows = 0;
    for (const auto& p : parts)
      rows += p.tensor.shape.front();
    auto extents = shape.size() == 1
      ? std::vector<std::int64_t>{static_cast<std::int64_t>(shape[0])}
      : std::vector<std::int64_t>{static_cast<std::int64_t>(rows), static_cast<std::int64_t>(shape[1])};
    const auto tensor = at::empty(extents, dtype);
    std::size_t first = 0;
    for (const auto& p : parts) {
      if (dtype == at::kFloat)
        widen_rows(p, tensor.mutable_data_ptr<float>(), first);
      else
        widen_rows(p, tensor.mutable_data_ptr<at::BFloat16>(), first);
      first += p.tensor.shape.front();
    }
    return tensor;
  }

  /// Puts a weight where it will be used, and counts it.
  at::Tensor keep(const at::Tensor& weight) const { return keep(weight, into_.dtype); }
  at::Tensor keep(const at::Tensor& weight, at::ScalarType dtype) const {
    const auto kept = weight.to(dtype).to(into_.device);
    into_.bytes += kept.nbytes();
    return kept;
  }

  linear pack(const std::vector<part>& parts) const { return linear(keep(stack(parts, into_.dtype))); }

  void load_attention(layer_weights& layer, std::size_t index) const {
    const auto& c = config_;
    layer.qkv = c.fused
      ? pack({named(role::qkv, index)})
      : pack({named(role::q, index, c.heads), named(role::k, index, c.kv_heads), named(role::v, index)});
    if (c.qkv_bias)
      layer.qkv_bias = keep(
        stack({bias(role::q_bias, index, c.heads), bias(role::k_bias, index, c.kv_heads), bias(role::v_bias, index)},
          into_.dtype)
          .flatten());
    load_head_norms(layer, index);
    layer.out = pack({named(role::out, index)});
    if (c.out_bias)
      layer.out_bias = keep(stack({named(role::out_bias, index)}, into_.dtype));
  }

  void load_head_norms(layer_weights& layer, std::size_t index) const {
    if (config_.qk_norm == head_norm::none)
      return;
    layer.q_norm = norm(role::q_norm, index);
    layer.k_norm = norm(role::k_norm, index);
    if (config_.qk_norm == head_norm::each_head)
      layer.head_norms = at::cat({layer.q_norm.expand({static_cast<std::int64_t>(config_.heads), -1}),
        layer.k_norm.expand({static_cast<std::int64_t>(config_.kv_heads), -1})});
  }

  expert_weights experts(std::size_t layer) const {
    expert_weights loaded;
    loaded.router = keep(stack({named(role::router, layer)}, at::kFloat), at::kFloat);
    // A GPU multiplies all groups of tokens at once, in bfloat16.
    const bool at_once = !into_.device.is_cpu() && into_.dtype == at::kBFloat16;
    std::vector<part> gate_up, down;
    for (std::size_t i = 0; i < config_.experts->count; ++i) {
      const std::vector own{expert(role::expert_gate, layer, i), expert(role::expert_up, layer, i)};
      if (at_once) {
        gate_up.insert(gate_up.end(), own.begin(), own.end());
        down.push_back(expert(role::expert_down, layer, i));
      } else {
        loaded.gate_up.push_back(pack(own));
        loaded.down.push_back(pack({expert(role::expert_down, layer, i)}));
      }
    }
    if (at_once) {
      const auto count = static_cast<std::int64_t>(config_.experts->count);
      loaded.all_gate_up = keep(stack(gate_up, into_.dtype)).unflatten(0, {count, -1});
      loaded.all_down = keep(stack(down, into_.dtype)).unflatten(0, {count, -1});
    }
    if (config_.experts->shared_intermediate > 0) {
      loaded.shared_router = keep(stack({named(role::shared_router, layer)}, into_.dtype).flatten());
      loaded.shared_gate_up = pack({named(role::shared_gate, layer), named(role::shared_up, layer)});
      loaded.shared_down = pack({named(role::shared_down, layer)});
    }
    return loaded;
  }

  const checkpoint& model_;
  const model_config& config_;
  weights& into_;
  bool interleaved_ = false;
  bool less_one_ = false;
};

} // namespace

std::shared_ptr<const weights> load_weights(const checkpoint& model, at::ScalarType dtype, at::Device device) {
  auto loaded = std::make_shared<weights>();
  loaded->config = model.config;
  loaded->dtype = dtype;
  loaded->device = device;
  for (const auto& file : model.files)
    file->will_need();
  const weight_loader from(model, *loaded);
  loaded->embedding = from.matrix(weight_role::embedding);
  for (std::size_t i = 0; i < model.config.layers; ++i)
    loaded->layers.push_back(from.layer(i));
  loaded->norm = from.norm(weight_role::norm);
  if (model.config.tied_head) {
    loaded->head = linear(loaded->embedding);
    // On a CPU the head is packed: a copy.
    loaded->bytes += device.is_cpu() ? loaded->embedding.nbytes() : 0;
  } else {
    loaded->head = linear(from.matrix(weight_role::head));
  }
  return loaded;
}

} // namespace troupe::engine
