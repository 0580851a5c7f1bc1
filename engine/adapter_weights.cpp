#include "engine/adapter_weights.hpp"

#include "engine/warnings.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace troupe::engine {

namespace {

using role = weight_role;

/// A part of a matrix that the decoder computes as one.
struct slice {
  role what;
  /// How many of the matrix's rows it is.
  std::size_t rows;
};

at::Tensor widened(const stored_tensor& tensor) {
  const auto rows = static_cast<std::int64_t>(tensor.shape[0]);
  const auto columns = static_cast<std::int64_t>(tensor.shape[1]);
  auto wide = at::empty({rows, columns}, at::kFloat);
  std::ranges::copy(tensor.numbers(), wide.mutable_data_ptr<float>());
  if (!at::isfinite(wide).all().item<bool>())
    warn_of_odd_numbers(tensor.file_name(), tensor.name);
  return wide;
}

class adapter_loader {
public:
  adapter_loader(const adapter_files& files, at::Device device, adapter_weights& into)
      : files_(files),
        device_(device),
        into_(into) {}

  /// The pairs of a matrix's slices as one pair: the first matrices one below the other, the second ones each in its
  /// own rows and columns, and 0 elsewhere.
  low_rank join(std::size_t layer, const std::vector<slice>& slices) const {
    std::vector<at::Tensor> downs, ups;
    std::int64_t height = 0, rank = 0;
    for (const auto& slice : slices) {
      const auto found = files_.parts.find({slice.what, layer, 0});
      if (found != files_.parts.end()) {
        downs.push_back(widened(found->second.down));
        const auto up = widened(found->second.up).mul_(found->second.scale);
        ups.push_back(at::constant_pad_nd(up, {rank, 0, height, 0}));
        rank += up.size(1);
      }
      height += static_cast<std::int64_t>(slice.rows);
    }
    if (downs.empty())
      return {};
    auto joined = at::zeros({height, rank}, at::kFloat);
    for (const auto& up : ups)
      joined.narrow(0, 0, up.size(0)).narrow(1, 0, up.size(1)).add_(up);
    return {keep(at::cat(downs)), keep(joined)};
  }

private:
  at::Tensor keep(const at::Tensor& weight) const {
    into_.bytes += weight.nbytes();
    return weight.to(device_);
  }

  const adapter_files& files_;
  at::Device device_;
  adapter_weights& into_;
};

} // namespace

adapter_weights load_adapter(const adapter_files& files, const model_config& config, at::Device device) {
  adapter_weights loaded;
  const adapter_loader from(files, device, loaded);
  const auto q = config.q_width();
  const auto kv = config.kv_width();
  const auto wide = config.intermediate;
  for (std::size_t i = 0; i < config.layers; ++i) {
    adapted_layer layer;
    layer.qkv = config.fused ? from.join(i, {{role::qkv, q + 2 * kv}})
                             : from.join(i, {{role::q, q}, {role::k, kv}, {role::v, kv}});
    layer.out = from.join(i, {{role::out, config.hidden}});
    layer.gate_up =
      config.fused ? from.join(i, {{role::gate_up, 2 * wide}}) : from.join(i, {{role::gate, wide}, {role::up, wide}});
    layer.down = from.join(i, {{role::down, config.hidden}});
    loaded.layers.push_back(std::move(layer));
  }
  return loaded;
}

} // namespace troupe::engine
