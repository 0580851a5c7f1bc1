#include "engine/layers/attention.hpp"

#include "engine/cpu/attention.hpp"
#include "engine/device.hpp"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <catch2/catch.hpp>

#include <limits>

using namespace troupe::engine;

namespace {

/// Rows of `new tokens at a position`, with shuffled blocks.
batch_layout layout_of(const std::vector<std::pair<int, int>>& rows, int block_size) {
  batch step;
  block_id next = 60;
  for (const auto& [tokens, position] : rows) {
    auto& row = step.rows.emplace_back();
    row.slot = static_cast<std::uint32_t>(step.rows.size() - 1);
    row.tokens.assign(static_cast<std::size_t>(tokens), 0);
    row.position = static_cast<std::uint32_t>(position);
    for (int i = 0; i < (tokens + position + block_size - 1) / block_size; ++i)
      row.blocks.push_back(next = (next * 37 + 11) % 64);
  }
  return lay_out(step, static_cast<std::size_t>(block_size), {}, at::kCPU);
}

kv_view random_cache(int kv_heads, int head_dim, int block_size, at::ScalarType dtype) {
  return {at::randn({64, kv_heads, head_dim, block_size}).to(dtype),
    at::randn({64, kv_heads, block_size, head_dim}).to(dtype)};
}

} // namespace

TEST_CASE("the attention kernel gives what tensor operations give") {
  const c10::InferenceMode guard;
  at::manual_seed(3);
  const auto dtype = GENERATE(at::kFloat, at::kBFloat16);
  const auto [heads, kv_heads, head_dim] =
    GENERATE(table<int, int, int>({{9, 3, 64}, {4, 4, 16}, {8, 1, 128}, {4, 1, 256}, {3, 3, 80}, {2, 2, 96}}));
  const int block_size = GENERATE(16, 32);
  const attention_form form{GENERATE(0.0, 0.3), GENERATE(as<std::size_t>{}, 0, 1, 5, 16, 50)};
  INFO(heads << " heads, " << kv_heads << " of k and v, of " << head_dim << "; blocks of " << block_size
             << "; a window of " << form.window << ", a scale of " << form.scale);
  const auto layout = layout_of({{1, 0}, {1, 40}, {19, 0}, {8, 16}, {1, 200}, {3, 77}}, block_size);
  const auto kv = random_cache(kv_heads, head_dim, block_size, dtype);
  const auto q = at::randn({layout.token_ids.size(0), heads, head_dim}).to(dtype);
  const auto tolerance = dtype == at::kFloat ? 1e-5 : 1e-2;
  CHECK(
    at::allclose(paged_attention(q, kv, layout, form), gathered_attention(q, kv, layout, form), tolerance, tolerance));
}

TEST_CASE("what lies before a token's window is not looked at, whatever its neighbours see") {
  const c10::InferenceMode guard;
  at::manual_seed(6);
  const attention_form form{0, 20};
  const auto kv = random_cache(2, 16, 16, at::kFloat);
  const auto q = at::randn({48, 4, 16});
  const auto whole = paged_attention(q, kv, layout_of({{40, 0}}, 16), form);
  // The last token alone, at position 39, in a sequence whose first block holds other tokens.
  auto other = layout_of({{40, 0}}, 16);
  kv.keys.select(0, other.tables[0]).fill_(7);
  kv.values.select(0, other.tables[0]).fill_(7);
  other.rows = {{0, 1, 39, 0, 3}};
  other.tokens = 1;
  const auto alone = paged_attention(q.narrow(0, 39, 2), kv, other, form);
  CHECK(alone[0].equal(whole[39]));
}

TEST_CASE("what lies behind a sequence's last token is not looked at") {
  const c10::InferenceMode guard;
  at::manual_seed(4);
  const auto layout = layout_of({{1, 4}}, 16);
  auto kv = random_cache(2, 16, 16, at::kFloat);
  const auto q = at::randn({layout.token_ids.size(0), 4, 16});
  const auto clean = paged_attention(q, kv, layout);
  kv.keys.narrow(3, 5, 11).fill_(std::numeric_limits<float>::quiet_NaN());
  kv.values.narrow(2, 5, 11).fill_(std::numeric_limits<float>::quiet_NaN());
  CHECK(paged_attention(q, kv, layout).equal(clean));
}

TEST_CASE("each instruction set's attention kernel agrees with the portable one") {
  const c10::InferenceMode guard;
  at::manual_seed(5);
  const auto kv = random_cache(1, 64, 16, at::kFloat);
  const auto q = at::randn({5, 3, 64});
  const std::vector<std::uint32_t> table{9, 3, 12};
  const std::size_t window = GENERATE(0, 18);
  cpu::attention_cache cache{kv.keys.const_data_ptr(), kv.values.const_data_ptr(), false, 1, 0, 64, 16, 0.125F, window};
  const auto run = [&](cpu::attention_kernel kernel) {
    const auto out = at::zeros_like(q);
    cpu::attention_tile tile{
      q.const_data_ptr<float>(), out.mutable_data_ptr<float>(), 192, 192, 5, 3, 35, table.data(), nullptr};
    std::vector<float> scratch(cpu::attention_scratch(tile, cache));
    tile.scratch = scratch.data();
    kernel(tile, cache);
    return out;
  };
  const auto expected = run(cpu::attend_portable);
  CHECK(expected.abs().sum().item<float>() > 0);
  if (processor().avx2)
    CHECK(at::allclose(run(cpu::attend_avx2), expected, 1e-5, 1e-5));
  if (processor().avx512)
    CHECK(at::allclose(run(cpu::attend_avx512), expected, 1e-5, 1e-5));
}
