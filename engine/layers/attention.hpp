// Attention of a ragged batch over KV blocks.
#pragma once

#include "engine/batch_layout.hpp"
#include "engine/kv_cache.hpp"

namespace troupe::engine {

/// How one layer attends.
struct attention_form {
  /// What scores are multiplied by; 0 is 1 / sqrt(head_dim).
  double scale = 0;
  /// How many tokens a token sees, itself included; 0 is all.
  std::size_t window = 0;
};

/// Each token attends to its own sequence up to and including itself; the step's keys and values are in the cache
/// already. After: Kwon et al. 2023, "Efficient Memory Management for Large Language Model Serving with
/// PagedAttention".
///   q       [padded tokens, heads, head_dim]
///   returns [padded tokens, heads * head_dim], q's dtype; 0 for padding
/// On a CPU, for head_dim and block size of multiples of 16, by a kernel that walks the block table; otherwise in
/// tensor operations.
at::Tensor paged_attention(
  const at::Tensor& q, const kv_view& kv, const batch_layout& layout, const attention_form& form = {});

/// The same in tensor operations on any device, which kernels are compared with. Gathers each row's blocks; rows of
/// equal numbers of new tokens and blocks, rounded up to a power of two, go together.
at::Tensor gathered_attention(
  const at::Tensor& q, const kv_view& kv, const batch_layout& layout, const attention_form& form = {});

} // namespace troupe::engine
