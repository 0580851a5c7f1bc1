// Something immutable that another may take the place of while it is used.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace troupe::http {

/// What counts now. Thread safe: whoever has asked keeps what was there then, as long as it is needed.
template <class T>
class current {
public:
  explicit current(std::shared_ptr<const T> first) : value_(std::move(first)) {}

  std::shared_ptr<const T> now() const {
    std::lock_guard lock{mutex_};
    return value_;
  }
  void replace(std::shared_ptr<const T> next) {
    std::lock_guard lock{mutex_};
    value_.swap(next);
  }

private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

} // namespace troupe::http
