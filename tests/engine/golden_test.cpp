// The decoder against transformers, and against itself in other company.
#include "tests/engine/golden_checks.hpp"

#include <catch2/catch.hpp>

using namespace troupe::engine;
using namespace troupe::engine::testing;

namespace {

// In the order of the prompts' names: long, short, special, unicode.
const std::vector<std::size_t> paces{180, 2, 3, 7};

} // namespace

TEST_CASE("tiny models give transformers' logits and greedy tokens, whole and in chunks") {
  const std::string name = GENERATE("tied", "untied", "grouped");
  bench model(goldens / name);
  for (const auto& [prompt, expected] : read_goldens(name)) {
    INFO(name << ", " << prompt);
    check_alone(model, expected, {0, 1, 7, 64}, expected.greedy.size());
  }
}

TEST_CASE("tiny models give the same in a mixed ragged batch as alone") {
  const std::string name = GENERATE("tied", "untied", "grouped");
  INFO(name);
  bench model(goldens / name);
  check_ragged(model, read_goldens(name), paces);
}

TEST_CASE("blocks of any size give the same logits") {
  const std::size_t block_size = GENERATE(1, 5, 32);
  INFO("blocks of " << block_size);
  bench model(goldens / "grouped", at::kFloat, 2000, block_size);
  const auto expected = read_goldens("grouped").at("unicode");
  auto sequence = model.start(expected.tokens, expected.tokens.size() + expected.greedy.size());
  const auto logits = model.feed_all(sequence, 7);
  CHECK(deviation(logits, expected) <= allowed);
  CHECK(model.greedy(sequence, logits, expected.greedy.size()) == expected.greedy);
}

TEST_CASE("the default model gives transformers' logits and greedy tokens") {
  const auto prompts = read_goldens("default");
  bench model(default_model);
  check_ragged(model, prompts, paces);
  check_alone(model, prompts.at("unicode"), {1, 7, 64}, 4);
  check_alone(model, prompts.at("special"), {0, 7}, 4);
  check_alone(model, prompts.at("long"), {64, 7}, 4);
}

// Minutes, so that it runs by name only: test_engine "[exhaustive]".
TEST_CASE("the default model gives the same for every prompt in every chunking", "[.][exhaustive]") {
  bench model(default_model);
  for (const auto& [prompt, expected] : read_goldens("default")) {
    INFO(prompt);
    check_alone(model, expected, {0, 1, 7, 64}, expected.greedy.size());
  }
}
