// Where the engines of one process find weights that another has loaded already.
#pragma once

#include "engine/engine.hpp"
#include "engine/weights.hpp"

#include <map>
#include <mutex>
#include <string>

namespace troupe::engine {

/// What `weight_store` keeps: by model digest, dtype and device, without holding anything alive.
struct weight_store::entries {
  struct entry {
    /// Held while its weights are read, so that two workers that start at once read them once. Others read others.
    std::mutex loading;
    std::weak_ptr<const weights> kept;
  };

  /// Held for a look only.
  std::mutex looking;
  std::map<std::string, std::shared_ptr<entry>> by_key;

  /// The weights of an open checkpoint: those that are there, else read now.
  std::shared_ptr<const weights> find_or_load(const checkpoint& model, at::ScalarType dtype, at::Device device);
};

} // namespace troupe::engine
