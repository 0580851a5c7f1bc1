// What the scheduler believes each worker's KV cache holds: plain data, no actor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <span>
#include <unordered_map>

#include "cache/block_hash.hpp"

namespace troupe::cache {

/// Remembers which blocks went to which worker, by hash, so that a prompt can go where its beginning is.
///
/// A guess: the worker may have evicted a block that is remembered here, or hold one that is forgotten. A wrong guess
/// costs time and nothing else, for the worker's own index decides what is used. As large as the workers' caches at
/// most, least recently inserted out first. Not thread safe: the scheduler owns it.
class prefix_map {
public:
  using worker = std::uint32_t;

  /// A worker with a cache of `blocks` blocks is there; it remembers nothing.
  void add(worker id, std::size_t blocks);

  /// The worker is gone, and its cache with it.
  void forget(worker id) { workers_.erase(id); }

  /// A sequence whose full blocks have these hashes, first block first, went to the worker. Does nothing for a worker
  /// that is not there.
  void insert(worker id, std::span<const block_hash> hashes);

  /// How many of the sequence's blocks, from the first on, the worker may hold.
  std::size_t match(worker id, std::span<const block_hash> hashes) const;

  /// Hashes remembered for a worker.
  std::size_t size(worker id) const;

private:
  struct remembered {
    std::size_t capacity = 0;
    /// Most recently inserted first.
    std::list<block_hash> order;
    std::unordered_map<block_hash, std::list<block_hash>::iterator, block_hash_bucket> by_hash;
  };

  std::map<worker, remembered> workers_;
};

} // namespace troupe::cache
