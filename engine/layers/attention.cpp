#include "engine/layers/attention.hpp"

#include "engine/cpu/attention.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <bit>
#include <cmath>
#include <limits>
#include <map>

namespace troupe::engine {

namespace {

double scale_of(const attention_form& form, std::int64_t head_dim) {
  return form.scale > 0 ? form.scale : 1.0 / std::sqrt(static_cast<double>(head_dim));
}

/// Rows that are computed as one: equally many new tokens and gathered blocks.
struct row_group {
  std::vector<const row_span*> rows;
  std::int64_t tokens = 0;
  std::int64_t blocks = 0;
};

std::vector<row_group> group_rows(const batch_layout& layout) {
  std::map<std::pair<std::size_t, std::size_t>, row_group> groups;
  for (const auto& row : layout.rows) {
    const auto blocks = std::bit_ceil(row.table_size);
    auto& group = groups[{row.tokens, blocks}];
    group.rows.push_back(&row);
    group.tokens = static_cast<std::int64_t>(row.tokens);
    group.blocks = static_cast<std::int64_t>(blocks);
  }
  std::vector<row_group> list;
  for (auto& [key, group] : groups)
    list.push_back(std::move(group));
  return list;
}

/// Index tensors of a group: its tokens in the step [rows * tokens], its blocks [rows * blocks] (a row's first block
/// stands in for those beyond its table), and the number of positions that each token sees [rows, 1, tokens, 1].
struct group_index {
  at::Tensor tokens;
  at::Tensor blocks;
  at::Tensor seen;
};

group_index index_of(const row_group& group, const batch_layout& layout, at::Device device) {
  const auto rows = static_cast<std::int64_t>(group.rows.size());
  group_index index{at::empty({rows * group.tokens}, at::kLong), at::empty({rows * group.blocks}, at::kLong),
    at::empty({rows, 1, group.tokens, 1}, at::kLong)};
  auto* tokens = index.tokens.data_ptr<std::int64_t>();
  auto* blocks = index.blocks.data_ptr<std::int64_t>();
  auto* seen = index.seen.data_ptr<std::int64_t>();
  for (const auto* row : group.rows) {
    for (std::size_t i = 0; i < row->tokens; ++i) {
      *tokens++ = static_cast<std::int64_t>(row->first + i);
      *seen++ = static_cast<std::int64_t>(row->position + i + 1);
    }
    for (std::size_t b = 0; b < static_cast<std::size_t>(group.blocks); ++b)
      *blocks++ = layout.tables[row->table + (b < row->table_size ? b : 0)];
  }
  return {index.tokens.to(device), index.blocks.to(device), index.seen.to(device)};
}

/// One tile of the CPU kernel: tokens of one row, one head of k and v.
struct tile_place {
  const row_span* row;
  std::size_t token;
  std::size_t tokens;
  std::size_t kv_head;
};

std::vector<tile_place> tiles_of(const batch_layout& layout, std::size_t kv_heads) {
  constexpr std::size_t tile = 8;
  std::vector<tile_place> tiles;
  for (const auto& row : layout.rows)
    for (std::size_t head = 0; head < kv_heads; ++head)
      for (std::size_t token = 0; token < row.tokens; token += tile)
        tiles.push_back({&row, token, std::min(tile, row.tokens - token), head});
  return tiles;
}

/// Calls the kernel for each tile, over all threads.
///   q [padded tokens, heads, head_dim], out [padded tokens, heads * head_dim], both float32
void run_tiles(const at::Tensor& q, const at::Tensor& out, const kv_view& kv, const batch_layout& layout,
  const attention_form& form) {
  static const auto kernel = cpu::choose_attention();
  cpu::attention_cache shared;
  shared.keys = kv.keys.const_data_ptr();
  shared.values = kv.values.const_data_ptr();
  shared.bfloat16 = kv.keys.scalar_type() == at::kBFloat16;
  shared.kv_heads = static_cast<std::size_t>(kv.keys.size(1));
  shared.head_dim = static_cast<std::size_t>(kv.keys.size(2));
  shared.block_size = static_cast<std::size_t>(kv.block_size());
  shared.scale = static_cast<float>(scale_of(form, kv.keys.size(2)));
  shared.window = form.window;
  const auto group = static_cast<std::size_t>(q.size(1)) / shared.kv_heads;
  const auto* queries = q.const_data_ptr<float>();
  auto* to = out.mutable_data_ptr<float>();
  const auto tiles = tiles_of(layout, shared.kv_heads);
  at::parallel_for(0, static_cast<std::int64_t>(tiles.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> scratch;
    auto cache = shared;
    for (auto i = begin; i < end; ++i) {
      const auto& place = tiles[static_cast<std::size_t>(i)];
      cache.kv_head = place.kv_head;
      cpu::attention_tile tile;
      const auto token = place.row->first + place.token;
      const auto head = place.kv_head * group * shared.head_dim;
      tile.query_stride = static_cast<std::size_t>(q.stride(0));
      tile.out_stride = static_cast<std::size_t>(out.stride(0));
      tile.queries = queries + token * tile.query_stride + head;
      tile.out = to + token * tile.out_stride + head;
      tile.tokens = place.tokens;
      tile.group = group;
      tile.position = place.row->position + place.token;
      tile.table = layout.tables.data() + place.row->table;
      const auto floats = cpu::attention_scratch(tile, shared);
      if (scratch.size() < floats)
        scratch.resize(floats);
      tile.scratch = scratch.data();
      kernel(tile, cache);
    }
  });
}

} // namespace

at::Tensor gathered_attention(
  const at::Tensor& q, const kv_view& kv, const batch_layout& layout, const attention_form& form) {
  const auto heads = q.size(1);
  const auto head_dim = q.size(2);
  const auto kv_heads = kv.keys.size(1);
  auto out = at::zeros({q.size(0), heads * head_dim}, q.options());
  for (const auto& group : group_rows(layout)) {
    const auto rows = static_cast<std::int64_t>(group.rows.size());
    const auto positions = group.blocks * kv.block_size();
    const auto index = index_of(group, layout, q.device());
    // [rows, kv_heads, heads of q per kv head, tokens, head_dim]
    const auto queries = q.index_select(0, index.tokens)
                           .view({rows, group.tokens, kv_heads, heads / kv_heads, head_dim})
                           .permute({0, 2, 3, 1, 4});
    const auto keys = kv.keys.index_select(0, index.blocks)
                        .view({rows, group.blocks, kv_heads, head_dim, -1})
                        .permute({0, 2, 3, 1, 4})
                        .reshape({rows, kv_heads, 1, head_dim, positions});
    const auto values = kv.values.index_select(0, index.blocks)
                          .view({rows, group.blocks, kv_heads, -1, head_dim})
                          .permute({0, 2, 1, 3, 4})
                          .reshape({rows, kv_heads, 1, positions, head_dim});
    const auto places = at::arange(positions, index.seen.options());
    auto hidden = places.ge(index.seen).unsqueeze(1);
    if (form.window > 0)
      hidden = hidden.logical_or(places.lt(index.seen - static_cast<std::int64_t>(form.window)).unsqueeze(1));
    const auto scores = at::matmul(queries.to(at::kFloat), keys.to(at::kFloat))
                          .mul_(scale_of(form, head_dim))
                          .masked_fill_(hidden, -std::numeric_limits<float>::infinity());
    const auto mixed = at::matmul(at::softmax(scores, -1), values.to(at::kFloat));
    out.index_copy_(0, index.tokens,
      mixed.permute({0, 3, 1, 2, 4}).reshape({rows * group.tokens, heads * head_dim}).to(q.scalar_type()));
  }
  return out;
}

at::Tensor paged_attention(
  const at::Tensor& q, const kv_view& kv, const batch_layout& layout, const attention_form& form) {
  if (!q.is_cpu() || q.size(2) % 16 != 0 || kv.block_size() % 16 != 0)
    return gathered_attention(q, kv, layout, form);
  const auto wide = q.to(at::kFloat);
  const auto out = at::empty({q.size(0), q.size(1) * q.size(2)}, wide.options());
  run_tiles(wide, out, kv, layout, form);
  const auto padding = q.size(0) - static_cast<std::int64_t>(layout.tokens);
  if (padding > 0)
    out.narrow(0, static_cast<std::int64_t>(layout.tokens), padding).zero_();
  return out.to(q.scalar_type());
}

} // namespace troupe::engine
