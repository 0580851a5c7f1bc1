// A random workload on a prefix index beside a naive model that knows what every block holds.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "cache/prefix_index.hpp"

namespace troupe::cache::testing {

struct workload_options {
  std::uint64_t seed = 0;
  std::size_t blocks = 24;
  std::size_t block_size = 3;
  std::size_t operations = 600;
  /// Tokens are below this: few of them make many shared prefixes.
  std::uint64_t vocabulary = 2;
  std::size_t max_live = 6;
  std::size_t max_tokens = 30;
};

/// Begins, computes and releases sequences in an order drawn from a seed, and checks the index after each operation.
class prefix_workload {
public:
  prefix_workload(const workload_options& options, block_hash_function hash, std::vector<prefix_scope> scopes);

  /// Runs all operations, then releases everything and takes every block once.
  void run();

  const prefix_index& index() const { return index_; }
  /// Times the index found less or more than the longest prefix that any sequence ever had in full blocks, while
  /// nothing had been evicted or left out.
  std::size_t wrong_lengths() const { return wrong_lengths_; }

private:
  /// What a block holds: the scope, and all tokens up to its last one.
  using content = std::pair<std::size_t, std::vector<token_id>>;
  struct live_sequence {
    std::size_t scope = 0;
    /// All that it will ever have.
    std::vector<token_id> tokens;
    sequence_blocks blocks;
  };

  std::size_t draw(std::size_t below) { return static_cast<std::size_t>(random_() % below); }
  std::vector<token_id> draw_tokens();
  void begin();
  void compute(std::size_t i);
  void release(std::size_t i);
  void check_hit(const live_sequence& sequence, std::size_t at_most);
  void check_all();
  std::size_t naive_match(const live_sequence& sequence, std::size_t at_most) const;

  workload_options options_;
  std::vector<prefix_scope> scopes_;
  prefix_index index_;
  std::mt19937_64 random_;
  std::vector<live_sequence> live_;
  /// Token sequences to draw beginnings from.
  std::vector<std::vector<token_id>> past_;
  std::vector<std::optional<content>> held_by_block_;
  std::set<content> ever_full_;
  std::size_t wrong_lengths_ = 0;
};

} // namespace troupe::cache::testing
