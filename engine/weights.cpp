#include "engine/weights.hpp"

#include "engine/models/registry.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

namespace troupe::engine {

namespace {

/// A stored matrix, and how many heads' rows stand in GGUF's interleaved order; 0 when none do.
struct part {
  const stored_tensor* tensor;
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

/// Widens a matrix's rows into those of a tensor, from row `first` on.
template <class T>
void widen_rows(const part& from, T* to, std::size_t first) {
  const auto& tensor = *from.tensor;
  const auto columns = tensor.shape.back();
  const auto rows = tensor.shape.size() == 1 ? 1 : tensor.shape.front();
  const auto row_bytes = tensor.bytes.size() / rows;
  at::parallel_for(0, static_cast<std::int64_t>(rows), 64, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> wide(columns);
    for (auto i = begin; i < end; ++i) {
      const auto row = static_cast<std::size_t>(i);
      widen(tensor.type, tensor.bytes.data() + row * row_bytes, columns, wide.data());
      auto* place = to + (first + row_place(row, rows, from.interleaved_heads)) * columns;
      std::copy(wide.begin(), wide.end(), place);
    }
  });
}

class loader {
public:
  loader(const checkpoint& model, weights& into) : model_(model), into_(into) {
    const auto* known = find_architecture(model.config.architecture);
    interleaved_ = model.format == file_format::gguf && known->interleaved_rope_in_gguf;
  }

  part named(const std::string& name, std::size_t rope_heads = 0) const {
    return {&model_.weights.at(name), interleaved_ ? rope_heads : 0};
  }

  /// Parts one below the other, on the device.
  at::Tensor stack(const std::vector<part>& parts) const {
    const auto& shape = parts.front().tensor->shape;
    std::size_t rows = 0;
    for (const auto& p : parts)
      rows += p.tensor->shape.front();
    auto extents = shape.size() == 1
      ? std::vector<std::int64_t>{static_cast<std::int64_t>(shape[0])}
      : std::vector<std::int64_t>{static_cast<std::int64_t>(rows), static_cast<std::int64_t>(shape[1])};
    const auto tensor = at::empty(extents, into_.dtype);
    std::size_t first = 0;
    for (const auto& p : parts) {
      if (into_.dtype == at::kFloat)
        widen_rows(p, tensor.mutable_data_ptr<float>(), first);
      else
        widen_rows(p, tensor.mutable_data_ptr<at::BFloat16>(), first);
      first += p.tensor->shape.front();
    }
    into_.bytes += tensor.nbytes();
    return tensor.to(into_.device);
  }

  linear matrix(const std::vector<part>& parts) const { return linear(stack(parts)); }

  layer_weights layer(std::size_t index) const {
    const auto prefix = "model.layers." + std::to_string(index) + ".";
    const auto attention = prefix + "self_attn.";
    const auto mlp = prefix + "mlp.";
    const auto& config = model_.config;
    layer_weights layer;
    layer.attention_norm = stack({named(prefix + "input_layernorm.weight")});
    layer.qkv = matrix({named(attention + "q_proj.weight", config.heads),
      named(attention + "k_proj.weight", config.kv_heads), named(attention + "v_proj.weight")});
    layer.out = matrix({named(attention + "o_proj.weight")});
    layer.mlp_norm = stack({named(prefix + "post_attention_layernorm.weight")});
    layer.gate_up = matrix({named(mlp + "gate_proj.weight"), named(mlp + "up_proj.weight")});
    layer.down = matrix({named(mlp + "down_proj.weight")});
    return layer;
  }

private:
  const checkpoint& model_;
  weights& into_;
  bool interleaved_ = false;
};

} // namespace

std::shared_ptr<const weights> load_weights(const checkpoint& model, at::ScalarType dtype, at::Device device) {
  auto loaded = std::make_shared<weights>();
  loaded->config = model.config;
  loaded->dtype = dtype;
  loaded->device = device;
  for (const auto& file : model.files)
    file.will_need();
  const loader from(model, *loaded);
  loaded->embedding = from.stack({from.named("model.embed_tokens.weight")});
  for (std::size_t i = 0; i < model.config.layers; ++i)
    loaded->layers.push_back(from.layer(i));
  loaded->norm = from.stack({from.named("model.norm.weight")});
  if (model.config.tied_head) {
    loaded->head = linear(loaded->embedding);
    // On a CPU the head is packed: a copy.
    loaded->bytes += device.is_cpu() ? loaded->embedding.nbytes() : 0;
  } else {
    loaded->head = from.matrix({from.named("lm_head.weight")});
  }
  return loaded;
}

} // namespace troupe::engine
