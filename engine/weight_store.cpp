#include "engine/weight_store.hpp"

namespace troupe::engine {

weight_store::weight_store() : entries_{std::make_unique<entries>()} {}
weight_store::~weight_store() = default;

std::shared_ptr<const weights> weight_store::entries::find_or_load(
  const checkpoint& model, at::ScalarType dtype, at::Device device) {
  const std::lock_guard lock{loading};
  std::erase_if(by_key, [](const auto& kept) { return kept.second.expired(); });
  auto& kept = by_key[model.digest + ' ' + c10::toString(dtype) + ' ' + device.str()];
  auto shared = kept.lock();
  if (!shared) {
    shared = load_weights(model, dtype, device);
    kept = shared;
  }
  return shared;
}

} // namespace troupe::engine
