#include "engine/logit_rules.hpp"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <catch2/catch.hpp>

#include <cmath>
#include <stdexcept>

using namespace troupe::engine;

namespace {

/// Allows the tokens of a mask.
struct fixed_filter final : token_filter {
  explicit fixed_filter(std::uint32_t mask) : words{mask} {}
  std::span<const std::uint32_t> allowed() override { return words; }
  std::vector<std::uint32_t> words;
};

std::vector<float> ruled(std::vector<float> logits, const sample_request& request) {
  apply_rules(logits, request);
  return logits;
}

} // namespace

TEST_CASE("a repetition penalty changes each token of prompt and answer once, towards less likely") {
  const std::vector<token_id> prompt{0, 1, 1};
  const std::vector<token_id> drawn{1, 2};
  sample_request request;
  request.sampling.repetition_penalty = 2;
  request.prompt = prompt;
  request.drawn = drawn;
  CHECK(ruled({4, -4, 0, 8}, request) == std::vector<float>{2, -8, 0, 8});
}

TEST_CASE("presence counts a drawn token once, frequency each time, and neither looks at the prompt") {
  const std::vector<token_id> prompt{3, 3};
  const std::vector<token_id> drawn{1, 1, 2};
  sample_request request;
  request.sampling.presence_penalty = 1;
  request.sampling.frequency_penalty = 0.5F;
  request.prompt = prompt;
  request.drawn = drawn;
  CHECK(ruled({0, 0, 0, 0}, request) == std::vector<float>{0, -2, -1.5F, 0});
}

TEST_CASE("a bias is added, and a filter has the last word") {
  fixed_filter filter{0b0101};
  sample_request request;
  request.sampling.logit_bias = {{1, 100}, {2, -3}};
  CHECK(ruled({1, 1, 1, 1}, request) == std::vector<float>{1, 101, -2, 1});
  request.filter = &filter;
  const auto logits = ruled({1, 1, 1, 1}, request);
  CHECK(logits[0] == 1);
  CHECK(std::isinf(logits[1]));
  CHECK(logits[2] == -2);
  CHECK(std::isinf(logits[3]));
}

TEST_CASE("a mask that is shorter than the vocabulary allows nothing beyond it, and one without a bit throws") {
  fixed_filter filter{1};
  sample_request request;
  request.filter = &filter;
  const auto logits = ruled(std::vector<float>(40, 1), request);
  CHECK(logits[0] == 1);
  CHECK(std::isinf(logits[39]));
  filter.words = {0};
  CHECK_THROWS_AS(ruled({1, 2}, request), std::runtime_error);
}

TEST_CASE("rules change their own row only, and the model's logits never") {
  const c10::InferenceMode guard;
  const auto logits = at::ones({3, 4});
  std::vector<sample_request> requests(3);
  CHECK(adjusted(logits, requests).is_same(logits));
  requests[1].sampling.logit_bias = {{2, 5}};
  requests[1].sampling.logprobs = true;
  const auto own = adjusted(logits, requests);
  CHECK(at::equal(logits, at::ones({3, 4})));
  CHECK(at::equal(own[0], logits[0]));
  CHECK(own[1][2].item<float>() == 6);
  const auto outputs = sample(logits, requests);
  CHECK(outputs[0].token == 0);
  CHECK(outputs[1].token == 2);
  CHECK(outputs[1].score->logprob == Approx(std::log(0.25)));
}

TEST_CASE("the likeliest tokens come with the drawn one's logprob, the likeliest first") {
  const c10::InferenceMode guard;
  const auto logits = at::tensor({1.0F, 3.0F, 2.0F, 0.0F}).unsqueeze(0);
  sample_request request;
  request.sampling.logprobs = true;
  request.sampling.top_logprobs = 3;
  const auto output = sample(logits, {&request, 1});
  REQUIRE(output[0].score);
  CHECK(output[0].score->top == std::vector<token_id>{1, 2, 0});
  CHECK(output[0].score->top_logprobs[0] == output[0].score->logprob);
  CHECK(output[0].score->top_logprobs[0] - output[0].score->top_logprobs[1] == Approx(1));
}
