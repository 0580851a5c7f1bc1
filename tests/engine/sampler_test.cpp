#include "engine/sampler.hpp"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <catch2/catch.hpp>

#include <cmath>

using namespace troupe::engine;

namespace {

sampling_params at_temperature(float temperature) {
  sampling_params sampling;
  sampling.temperature = temperature;
  return sampling;
}

/// How often each of a row's tokens is drawn in `draws` draws.
std::vector<int> histogram(const std::vector<float>& logits, const sampling_params& sampling, int draws) {
  const auto row = at::tensor(logits).unsqueeze(0);
  std::vector<sample_request> requests;
  for (int i = 0; i < draws; ++i)
    requests.push_back({sampling, 0, static_cast<std::uint64_t>(i)});
  std::vector<int> counts(logits.size());
  for (const auto& output : sample(row.expand({draws, row.size(1)}).contiguous(), requests))
    ++counts[static_cast<std::size_t>(*output.token)];
  return counts;
}

std::vector<float> logs(const std::vector<float>& probabilities) {
  std::vector<float> logits;
  for (const auto p : probabilities)
    logits.push_back(std::log(p) + 3);
  return logits;
}

} // namespace

TEST_CASE("tokens are drawn as often as their probability says") {
  const c10::InferenceMode guard;
  const std::vector<float> probabilities{0.05F, 0.4F, 0.15F, 0.3F, 0.1F};
  const int draws = 20000;
  const auto counts = histogram(logs(probabilities), at_temperature(1), draws);
  for (std::size_t i = 0; i < counts.size(); ++i)
    CHECK(std::abs(counts[i] - draws * probabilities[i]) < 5 * std::sqrt(draws * probabilities[i]));
}

TEST_CASE("temperature sharpens the distribution") {
  const c10::InferenceMode guard;
  // Squares of 0.8 and 0.2, scaled to sum to 1.
  const auto counts = histogram(logs({0.8F, 0.2F}), at_temperature(0.5F), 20000);
  CHECK(std::abs(counts[0] - 20000 * 0.64 / 0.68) < 200);
}

TEST_CASE("filters keep the likeliest tokens only") {
  const c10::InferenceMode guard;
  const auto logits = logs({0.05F, 0.4F, 0.15F, 0.3F, 0.1F});
  auto sampling = at_temperature(1);
  const auto kept = [&] {
    std::vector<int> tokens;
    const auto counts = histogram(logits, sampling, 4000);
    for (std::size_t i = 0; i < counts.size(); ++i)
      if (counts[i] > 0)
        tokens.push_back(static_cast<int>(i));
    return tokens;
  };
  SECTION("top_k") {
    sampling.top_k = 2;
    CHECK(kept() == std::vector<int>{1, 3});
  }
  SECTION("top_p takes tokens until their sum reaches it") {
    sampling.top_p = 0.75F;
    CHECK(kept() == std::vector<int>{1, 2, 3});
  }
  SECTION("top_p counts within what top_k left") {
    sampling.top_k = 2;
    sampling.top_p = 0.5F;
    CHECK(kept() == std::vector<int>{1});
  }
  SECTION("top_p of 0 leaves the likeliest") {
    sampling.top_p = 0;
    CHECK(kept() == std::vector<int>{1});
  }
  SECTION("min_p is relative to the likeliest") {
    sampling.min_p = 0.3F;
    CHECK(kept() == std::vector<int>{1, 2, 3});
  }
  SECTION("a top_k beyond the vocabulary keeps all") {
    sampling.top_k = 1000;
    CHECK(kept() == std::vector<int>{0, 1, 2, 3, 4});
  }
}

TEST_CASE("filtered tokens keep their relative probabilities") {
  const c10::InferenceMode guard;
  auto sampling = at_temperature(1);
  sampling.top_k = 2;
  const auto counts = histogram(logs({0.05F, 0.4F, 0.15F, 0.3F, 0.1F}), sampling, 20000);
  CHECK(std::abs(counts[1] - 20000 * 4.0 / 7) < 400);
}

TEST_CASE("filters over a large vocabulary agree with a full sort") {
  const c10::InferenceMode guard;
  at::manual_seed(9);
  const auto probabilities = at::softmax(at::randn({5000}) * 2, -1);
  const std::span<const float> row(probabilities.const_data_ptr<float>(), 5000);
  const auto sorted = std::get<0>(probabilities.sort(0, true));
  auto sampling = at_temperature(1);
  sampling.top_p = 0.9F;
  // With the largest uniform the last token that is kept is drawn.
  const auto last = draw(row, sampling, 1.0 - 1e-12);
  double before = 0;
  for (int i = 0; i < 5000 && sorted[i].item<float>() > row[static_cast<std::size_t>(last)]; ++i)
    before += sorted[i].item<float>();
  CHECK(before < 0.9F);
  CHECK(before + row[static_cast<std::size_t>(last)] >= 0.9F - 1e-5);
}

TEST_CASE("greedy rows and top_k 1 take the highest logit, the lowest token among equals") {
  const c10::InferenceMode guard;
  auto one = at_temperature(5);
  one.top_k = 1;
  const auto logits = at::tensor({1.0F, 7.0F, 3.0F, 7.0F}).repeat({2, 1});
  const std::vector<sample_request> requests{{at_temperature(0), 0, 0}, {one, 0, 3}};
  const auto outputs = sample(logits, requests);
  CHECK(outputs[0].token == 1);
  CHECK(outputs[1].token == 1);
  CHECK_FALSE(outputs[0].score);
}

TEST_CASE("a row draws the same whatever else is in the batch") {
  const c10::InferenceMode guard;
  at::manual_seed(10);
  const auto logits = at::randn({6, 3000}) * 3;
  std::vector<sample_request> requests(6);
  for (std::size_t i = 0; i < 6; ++i) {
    requests[i].sampling = at_temperature(i % 3 == 0 ? 0.0F : 0.9F);
    requests[i].sampling.seed = 40 + i;
    requests[i].sampling.top_k = i % 2 == 0 ? 0 : 700;
    requests[i].sampling.top_p = i < 3 ? 1.0F : 0.95F;
    requests[i].sampling.logprobs = i % 2 == 1;
    requests[i].sample_index = 11 * i;
  }
  const auto together = sample(logits, requests);
  for (std::size_t i = 0; i < 6; ++i) {
    const auto alone = sample(logits.narrow(0, static_cast<std::int64_t>(i), 1), {&requests[i], 1});
    CHECK(alone[0].token == together[i].token);
    CHECK(alone[0].score->logprob == together[i].score->logprob);
  }
}

TEST_CASE("the logprob is that of the unscaled logits") {
  const c10::InferenceMode guard;
  auto sampling = at_temperature(0.1F);
  sampling.logprobs = true;
  const std::vector<sample_request> requests{{sampling, 0, 0}};
  const auto output = sample(at::tensor(logs({0.1F, 0.7F, 0.2F})).unsqueeze(0), requests);
  CHECK(output[0].token == 1);
  CHECK(output[0].score->logprob == Approx(std::log(0.7)));
}

TEST_CASE("a tiny temperature does not overflow") {
  const c10::InferenceMode guard;
  const std::vector<sample_request> requests{{at_temperature(1e-30F), 0, 0}};
  CHECK(sample(at::tensor({-50.0F, 90.0F, 20.0F}).unsqueeze(0), requests)[0].token == 1);
}

TEST_CASE("random numbers depend on seed, choice and index, and are Philox's") {
  CHECK(uniform_at(1, 0, 0) == uniform_at(1, 0, 0));
  CHECK(uniform_at(1, 0, 0) != uniform_at(2, 0, 0));
  CHECK(uniform_at(1, 0, 0) != uniform_at(1, 1, 0));
  CHECK(uniform_at(1, 0, 0) != uniform_at(1, 0, 1));
  CHECK(uniform_at(1, 0, 1) != uniform_at(1, 0, std::uint64_t{1} << 32U));
  // The known answer for an all-zero key and counter begins 6627e8d5 e169c58d.
  CHECK(uniform_at(0, 0, 0) == static_cast<double>(0x6627e8d5e169c58dULL >> 11U) * 0x1.0p-53);
}
