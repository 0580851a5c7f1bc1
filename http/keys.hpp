// The API keys that a server knows.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "http/current.hpp"
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

/// The table that counts. Requests that come after a change need the new one's keys; those that were let in stay.
using key_ring = current<key_table>;

} // namespace troupe::http
