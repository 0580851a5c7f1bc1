#include "engine/weight_store.hpp"

namespace troupe::engine {

weight_store::weight_store() : entries_{std::make_unique<entries>()} {}
weight_store::~weight_store() = default;

std::shared_ptr<const weights> weight_store::entries::find_or_load(
  const checkpoint& model, at::ScalarType dtype, at::Device device) {
  const auto found = [&] {
    const std::lock_guard lock{looking};
    // An entry that somebody else holds is being read.
    std::erase_if(
      by_key, [](const auto& other) { return other.second.use_count() == 1 && other.second->kept.expired(); });
    auto& place = by_key[model.digest + ' ' + c10::toString(dtype) + ' ' + device.str()];
    if (!place)
      place = std::make_shared<entry>();
    return place;
  }();
  const std::lock_guard lock{found->loading};
  auto shared = found->kept.lock();
  if (!shared) {
    shared = load_weights(model, dtype, device);
    found->kept = shared;
  }
  return shared;
}

} // namespace troupe::engine
