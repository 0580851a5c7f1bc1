#include "engine/layers/experts.hpp"

#include "engine/device.hpp"
#include "engine/layers/mlp.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <catch2/catch.hpp>

#include <chrono>
#include <iomanip>
#include <iostream>
#include <numeric>

using namespace troupe::engine;

namespace {

/// Random experts as plain matrices, and the same as a layer has them.
struct random_experts {
  random_experts(const expert_config& form, std::int64_t hidden) : config(form) {
    const auto width = static_cast<std::int64_t>(form.intermediate);
    const auto count = static_cast<std::int64_t>(form.count);
    gate_up = at::randn({count, 2 * width, hidden}).mul_(0.1);
    down = at::randn({count, hidden, width}).mul_(0.1);
    weights.router = at::randn({count, hidden});
    for (std::int64_t e = 0; e < count; ++e) {
      weights.gate_up.emplace_back(gate_up[e].contiguous());
      weights.down.emplace_back(down[e].contiguous());
    }
    if (form.shared_intermediate == 0)
      return;
    const auto shared_width = static_cast<std::int64_t>(form.shared_intermediate);
    shared_gate_up = at::randn({2 * shared_width, hidden}).mul_(0.1);
    shared_down = at::randn({hidden, shared_width}).mul_(0.1);
    weights.shared_router = at::randn({hidden});
    weights.shared_gate_up = linear(shared_gate_up);
    weights.shared_down = linear(shared_down);
  }

  expert_config config;
  at::Tensor gate_up, down, shared_gate_up, shared_down;
  expert_weights weights;
};

at::Tensor plain_mlp(const at::Tensor& x, const at::Tensor& gate_up, const at::Tensor& down) {
  const auto both = at::matmul(gate_up, x);
  const auto width = both.size(0) / 2;
  return at::matmul(down, at::silu(both.narrow(0, 0, width)).mul(both.narrow(0, width, width)));
}

/// One token through every expert, those that were not chosen weighted by 0.
at::Tensor plain_mix(const at::Tensor& x, const random_experts& layer) {
  const auto likelihood = at::softmax(at::matmul(layer.weights.router, x), 0);
  const auto [weights, chosen] = likelihood.topk(static_cast<std::int64_t>(layer.config.chosen));
  auto share = at::zeros_like(likelihood).scatter_(0, chosen, weights);
  if (layer.config.normalize)
    share = share / share.sum();
  auto sum = at::zeros_like(x);
  for (std::int64_t e = 0; e < share.size(0); ++e)
    sum.add_(plain_mlp(x, layer.gate_up[e], layer.down[e]).mul_(share[e]));
  if (layer.config.shared_intermediate > 0)
    sum.add_(
      plain_mlp(x, layer.shared_gate_up, layer.shared_down).mul_(at::matmul(layer.weights.shared_router, x).sigmoid()));
  return sum;
}

/// `tokens` rows, padded to what the engine computes.
at::Tensor padded(const at::Tensor& x, std::int64_t tokens) {
  const auto rows = static_cast<std::int64_t>(computed_rows(static_cast<std::size_t>(tokens), at::kCPU));
  auto block = at::zeros({rows, x.size(1)});
  block.narrow(0, 0, tokens).copy_(x.narrow(0, 0, tokens));
  return block;
}

at::Tensor mix(
  const at::Tensor& x, std::int64_t tokens, const random_experts& layer, std::vector<std::uint64_t>* counts = nullptr) {
  return mix_experts(
    padded(x, tokens), static_cast<std::size_t>(tokens), layer.weights, layer.config, activation::silu, counts);
}

} // namespace

TEST_CASE("experts give what all of them give, weighted by the router") {
  const c10::InferenceMode guard;
  at::manual_seed(11);
  const auto config = GENERATE(expert_config{8, 2, 32, 0, true}, expert_config{8, 3, 64, 0, false},
    expert_config{5, 1, 32, 64, false}, expert_config{4, 4, 32, 32, true});
  const random_experts layer(config, 64);
  const auto x = at::randn({37, 64});
  const auto mixed = mix(x, 37, layer);
  for (std::int64_t i = 0; i < 37; ++i)
    CHECK(mixed[i].allclose(plain_mix(x[i], layer), 1e-4, 1e-5));
}

TEST_CASE("all experts at once, as on a GPU, give what each by itself gives") {
  const c10::InferenceMode guard;
  at::manual_seed(15);
  random_experts layer({8, 2, 32, 32, true}, 64);
  const auto x = at::randn({21, 64});
  const auto one_by_one = mix(x, 21, layer);
  layer.weights.all_gate_up = layer.gate_up;
  layer.weights.all_down = layer.down;
  CHECK(mix(x, 21, layer).allclose(one_by_one, 1e-4, 1e-5));
}

TEST_CASE("a token's experts give the same, bit for bit, among any number of neighbours") {
  if (!processor().avx512)
    return;
  const c10::InferenceMode guard;
  at::manual_seed(12);
  const random_experts layer({16, 4, 128, 128, true}, 256);
  const auto x = at::randn({100, 256});
  const auto all = mix(x, 100, layer);
  for (const std::int64_t tokens : {1, 2, 3, 7, 24, 25, 64, 99})
    CHECK(mix(x, tokens, layer).narrow(0, 0, tokens).equal(all.narrow(0, 0, tokens)));
}

TEST_CASE("tokens are counted by expert, and padding is neither counted nor computed") {
  const c10::InferenceMode guard;
  at::manual_seed(13);
  const random_experts layer({6, 2, 32, 0, true}, 64);
  std::vector<std::uint64_t> counts;
  const auto mixed = mix(at::randn({31, 64}), 31, layer, &counts);
  CHECK(mixed.size(0) == 48);
  CHECK(mixed.narrow(0, 31, 17).abs().max().item<float>() == 0);
  CHECK(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}) == 62);
  mix(at::randn({9, 64}), 9, layer, &counts);
  CHECK(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}) == 80);
}

// test_engine "[experts bench]": what a layer costs by the experts that there are and those that are used.
TEST_CASE("experts that no token chose cost nothing", "[.][experts bench]") {
  const c10::InferenceMode guard;
  at::set_num_threads(1);
  constexpr std::int64_t hidden = 512;
  std::cout << "experts  used  rows     ms\n";
  for (const std::int64_t rows : {1, 32})
    for (const std::int64_t used : {8, 64})
      for (const std::size_t count : {8U, 64U}) {
        if (static_cast<std::size_t>(used) > count)
          continue;
        at::manual_seed(14);
        random_experts layer({count, 2, 512, 0, true}, hidden);
        // The experts behind the first `used` are never likely: a constant feature speaks against them.
        auto x = at::randn({rows, hidden});
        x.select(1, 0).fill_(10);
        layer.weights.router.select(1, 0).fill_(-1000);
        layer.weights.router.narrow(0, 0, used).select(1, 0).fill_(0);
        std::vector<std::uint64_t> counts;
        mix(x, rows, layer, &counts);
        const auto chosen = std::count_if(counts.begin(), counts.end(), [](auto tokens) { return tokens > 0; });
        constexpr int rounds = 200;
        const auto started = std::chrono::steady_clock::now();
        for (int i = 0; i < rounds; ++i)
          mix(x, rows, layer);
        const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - started;
        std::cout << std::setw(7) << count << std::setw(6) << chosen << std::setw(6) << rows << std::setw(9)
                  << std::fixed << std::setprecision(3) << took.count() / rounds << '\n';
      }
}
