// Finished answers by canonical request: plain data, no actor.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace troupe::cache {

struct response_cache_options {
  std::size_t max_entries = 1000;
  std::size_t max_bytes = std::size_t{64} << 20;
  std::chrono::nanoseconds time_to_live = std::chrono::hours{1};
};

/// Least-recently-used cache of finished answers with a time to live.
///
/// The key is the canonical request's bytes, compared whole: two requests share an answer only when they are equal,
/// not when their hashes are. Bounded in entries and in bytes (key + value + a fixed overhead per entry); an answer
/// larger than the byte bound is not stored. `Clock` time is given by the caller. Not thread safe: one actor owns it.
template <class Value>
class response_cache {
public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit response_cache(response_cache_options options) : options_{options} {}

  /// Returns the live answer and makes it the most recently used, or nothing. An entry past its time is removed.
  const Value* find(std::string_view key, time_point now);

  /// Stores an answer of `bytes` bytes, in place of one with the same key; evicts from the old end until it fits.
  void insert(std::string key, Value value, std::size_t bytes, time_point now);

  /// Removes everything and returns how many entries that were.
  std::size_t clear();

  std::size_t entries() const { return by_key_.size(); }
  std::size_t bytes() const { return bytes_; }
  std::uint64_t evictions() const { return evictions_; }

private:
  struct entry {
    std::string key;
    Value value;
    std::size_t bytes;
    time_point expires;
  };
  using order = std::list<entry>;

  void erase(typename order::iterator it);

  response_cache_options options_;
  /// Most recently used first.
  order order_;
  /// Keys view into the entries, which a list never moves.
  std::unordered_map<std::string_view, typename order::iterator> by_key_;
  std::size_t bytes_ = 0;
  std::uint64_t evictions_ = 0;
};

template <class Value>
const Value* response_cache<Value>::find(std::string_view key, time_point now) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end())
    return nullptr;
  if (found->second->expires <= now) {
    erase(found->second);
    return nullptr;
  }
  order_.splice(order_.begin(), order_, found->second);
  return &found->second->value;
}

template <class Value>
void response_cache<Value>::insert(std::string key, Value value, std::size_t bytes, time_point now) {
  constexpr std::size_t overhead = 128;
  const std::size_t size = key.size() + bytes + overhead;
  if (const auto found = by_key_.find(key); found != by_key_.end())
    erase(found->second);
  if (size > options_.max_bytes || options_.max_entries == 0)
    return;
  while (by_key_.size() >= options_.max_entries || bytes_ + size > options_.max_bytes) {
    erase(std::prev(order_.end()));
    ++evictions_;
  }
  order_.push_front(entry{std::move(key), std::move(value), size, now + options_.time_to_live});
  by_key_.emplace(order_.front().key, order_.begin());
  bytes_ += size;
}

template <class Value>
std::size_t response_cache<Value>::clear() {
  const std::size_t count = by_key_.size();
  by_key_.clear();
  order_.clear();
  bytes_ = 0;
  return count;
}

template <class Value>
void response_cache<Value>::erase(typename order::iterator it) {
  bytes_ -= it->bytes;
  by_key_.erase(it->key);
  order_.erase(it);
}

} // namespace troupe::cache
