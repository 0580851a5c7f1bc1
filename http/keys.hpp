// The API keys that a server knows.
#pragma once

#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "http/options.hpp"

namespace troupe::http {

/// SHA-256 of a secret, as `api_key` holds it.
std::array<unsigned char, 32> digest_of(std::string_view secret);

/// Finds keys by their secrets. Immutable, so that threads share it and another takes its place whole.
class key_table {
public:
  explicit key_table(std::vector<api_key> keys) : keys_(std::move(keys)) {}

  /// The key with that secret, or null. Takes the same time whichever it is, and where it is none.
  const api_key* find(std::string_view secret) const;
  /// Without any the server is everybody's.
  bool empty() const { return keys_.empty(); }

private:
  std::vector<api_key> keys_;
};

/// The table that counts now. Thread safe: requests look while another table takes its place.
class key_ring {
public:
  explicit key_ring(std::vector<api_key> keys) { replace(std::move(keys)); }

  std::shared_ptr<const key_table> now() const {
    std::lock_guard lock{mutex_};
    return table_;
  }
  /// Requests that come from now on need these. Those that were let in stay.
  void replace(std::vector<api_key> keys) {
    auto table = std::make_shared<const key_table>(std::move(keys));
    std::lock_guard lock{mutex_};
    table_.swap(table);
  }

private:
  mutable std::mutex mutex_;
  std::shared_ptr<const key_table> table_;
};

} // namespace troupe::http
