#include "engine/layers/experts.hpp"

#include "engine/layers/mlp.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace troupe::engine {

namespace {

/// Each token's experts, the likeliest first, [tokens, chosen], and their weights in float32.
struct routes {
  at::Tensor experts;
  at::Tensor weights;
};

routes route(const at::Tensor& x, const at::Tensor& router, const expert_config& config) {
  // A token that is torn between two experts would change its choice with another order of summing.
  const auto likelihood = at::softmax(narrow_linear(x, router), -1);
  auto [weights, experts] = at::topk(likelihood, static_cast<std::int64_t>(config.chosen), -1);
  if (config.normalize)
    weights = weights / weights.sum(-1, true);
  return {experts, weights};
}

/// The places of [tokens, chosen] where each expert was chosen, in the tokens' order.
std::vector<std::vector<std::int64_t>> group_by_expert(const at::Tensor& experts, std::size_t count) {
  const auto local = experts.cpu().contiguous();
  const auto* chosen = local.const_data_ptr<std::int64_t>();
  std::vector<std::vector<std::int64_t>> places(count);
  for (std::int64_t i = 0; i < local.numel(); ++i)
    places[static_cast<std::size_t>(chosen[i])].push_back(i);
  return places;
}

at::Tensor to_index(const std::vector<std::int64_t>& values, at::Device device) {
  auto index = at::empty({static_cast<std::int64_t>(values.size())}, at::kLong);
  std::copy(values.begin(), values.end(), index.data_ptr<std::int64_t>());
  return index.to(device);
}

/// What each token's experts give, [tokens * chosen, hidden], one matrix product per expert that was chosen.
at::Tensor run_experts(const at::Tensor& x, const std::vector<std::vector<std::int64_t>>& places,
  const expert_weights& weights, std::int64_t chosen, activation function) {
  auto results = at::empty({x.size(0) * chosen, x.size(1)}, x.options());
  for (std::size_t e = 0; e < places.size(); ++e) {
    if (places[e].empty())
      continue;
    std::vector<std::int64_t> rows;
    for (const auto place : places[e])
      rows.push_back(place / chosen);
    // The first token again, as padding.
    rows.resize(computed_rows(rows.size(), x.device()), rows.front());
    const auto given =
      mlp(x.index_select(0, to_index(rows, x.device())), weights.gate_up[e], weights.down[e], function);
    const auto count = static_cast<std::int64_t>(places[e].size());
    results.index_copy_(0, to_index(places[e], x.device()), given.narrow(0, 0, count));
  }
  return results;
}

/// The same in two products of all groups.
at::Tensor run_all_experts(const at::Tensor& x, const std::vector<std::vector<std::int64_t>>& places,
  const expert_weights& weights, std::int64_t chosen, activation function) {
  std::vector<std::int64_t> order;
  auto ends = at::empty({static_cast<std::int64_t>(places.size())}, at::kInt);
  auto* end = ends.data_ptr<std::int32_t>();
  for (const auto& group : places) {
    order.insert(order.end(), group.begin(), group.end());
    *end++ = static_cast<std::int32_t>(order.size());
  }
  const auto index = to_index(order, x.device());
  const auto groups = ends.to(x.device());
  const auto rows = x.index_select(0, index.div(chosen, "floor"));
  const auto both = at::_grouped_mm(rows, weights.all_gate_up.transpose(1, 2), groups);
  const auto given = at::_grouped_mm(gated(both, function), weights.all_down.transpose(1, 2), groups);
  return at::empty_like(given).index_copy_(0, index, given);
}

/// How far the shared expert is opened for each token, [tokens, 1].
at::Tensor shared_openness(const at::Tensor& x, const at::Tensor& router) {
  auto open = at::mul(x.to(at::kFloat), router.to(at::kFloat)).sum(-1, true);
  if (!open.is_cpu())
    return open.sigmoid_();
  // One function for all: at::sigmoid computes the few that its vectors leave over by another, and which tokens these
  // are depends on how many there are.
  auto* values = open.mutable_data_ptr<float>();
  std::for_each(values, values + open.numel(), [](float& v) { v = 1.0F / (1.0F + std::exp(-v)); });
  return open;
}

/// The shared expert's part, [padded tokens, hidden], float32.
at::Tensor run_shared(const at::Tensor& x, const expert_weights& weights, activation function) {
  const auto given = mlp(x, weights.shared_gate_up, weights.shared_down, function).to(at::kFloat);
  return at::mul(given, shared_openness(x, weights.shared_router));
}

} // namespace

at::Tensor mix_experts(const at::Tensor& x, std::size_t tokens, const expert_weights& weights,
  const expert_config& config, activation function, std::vector<std::uint64_t>* counts) {
  const auto rows = static_cast<std::int64_t>(tokens);
  const auto chosen = static_cast<std::int64_t>(config.chosen);
  const auto real = x.narrow(0, 0, rows);
  const auto routed = route(real, weights.router, config);
  const auto places = group_by_expert(routed.experts, config.count);
  if (counts) {
    counts->resize(std::max(counts->size(), config.count));
    for (std::size_t e = 0; e < places.size(); ++e)
      (*counts)[e] += places[e].size();
  }
  const auto run = weights.all_down.defined() ? run_all_experts : run_experts;
  const auto given = run(real, places, weights, chosen, function).view({rows, chosen, -1});
  auto sum = at::zeros({x.size(0), x.size(1)}, x.options().dtype(at::kFloat));
  auto real_sum = sum.narrow(0, 0, rows);
  for (std::int64_t rank = 0; rank < chosen; ++rank)
    real_sum.addcmul_(given.select(1, rank).to(at::kFloat), routed.weights.narrow(1, rank, 1));
  if (weights.shared_router.defined())
    sum.add_(run_shared(x, weights, function));
  return sum.to(x.scalar_type());
}

} // namespace troupe::engine
