// The decoder against transformers, and against itself in other company.
#include "tests/engine/support.hpp"

#include "engine/device.hpp"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>

using namespace troupe::engine;
using namespace troupe::engine::testing;

namespace {

constexpr float allowed = 1e-3F;

/// On processors without AVX-512, oneDNN splits tiny matrices along K by the number of rows; there only closeness is
/// promised for the tiny models.
bool repeats_exactly() {
  return processor().avx512;
}

bool same(const at::Tensor& a, const at::Tensor& b) {
  return repeats_exactly() ? a.equal(b) : a.allclose(b, 1e-4, 1e-4);
}

/// Feeds all prompts together: chunks of different lengths beside decodes, each sequence at its own pace.
std::map<std::string, std::vector<token_id>> run_ragged(
  bench& model, const std::map<std::string, golden>& prompts, std::map<std::string, at::Tensor>& logits_of) {
  // In the order of the names: long, short, special, unicode.
  const std::vector<std::size_t> paces{180, 2, 3, 7};
  std::vector<std::string> names;
  std::vector<fed_sequence> sequences;
  std::map<std::string, std::vector<token_id>> greedy;
  for (const auto& [name, prompt] : prompts) {
    names.push_back(name);
    sequences.push_back(model.start(prompt.tokens, prompt.tokens.size() + prompt.greedy.size()));
  }
  for (bool busy = true; busy;) {
    std::vector<fed_sequence*> fed;
    std::vector<std::size_t> counts;
    busy = false;
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      auto& sequence = sequences[i];
      fed.push_back(&sequence);
      counts.push_back(std::min(paces[i % paces.size()], sequence.tokens.size() - sequence.done));
      busy = busy || counts.back() > 0;
    }
    if (!busy)
      break;
    const auto logits = model.feed(fed, counts);
    std::int64_t row = 0;
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      if (counts[i] == 0)
        continue;
      const auto mine = logits[row++];
      auto& tokens = greedy[names[i]];
      if (sequences[i].done < sequences[i].tokens.size() || tokens.size() == prompts.at(names[i]).greedy.size())
        continue;
      if (tokens.empty())
        logits_of[names[i]] = mine.clone();
      tokens.push_back(static_cast<token_id>(mine.argmax().item<std::int64_t>()));
      sequences[i].tokens.push_back(tokens.back());
    }
  }
  return greedy;
}

/// Feeds a prompt in chunks of each length, 0 for whole, and follows it with `answer` greedy tokens.
void check_alone(bench& model, const golden& expected, const std::vector<std::size_t>& chunks, std::size_t answer) {
  at::Tensor first;
  for (const auto chunk : chunks) {
    INFO("chunks of " << chunk << " tokens, 0 is whole");
    model.forget_blocks();
    auto sequence = model.start(expected.tokens, expected.tokens.size() + expected.greedy.size());
    const auto logits = model.feed_all(sequence, chunk);
    CHECK(deviation(logits, expected) <= allowed);
    if (!first.defined())
      first = logits;
    CHECK(same(first, logits));
    const std::vector<token_id> tokens(
      expected.greedy.begin(), expected.greedy.begin() + static_cast<std::ptrdiff_t>(answer));
    CHECK(model.greedy(sequence, logits, answer) == tokens);
  }
}

void check_ragged(bench& model, const std::map<std::string, golden>& prompts) {
  model.forget_blocks();
  std::map<std::string, at::Tensor> logits;
  const auto greedy = run_ragged(model, prompts, logits);
  for (const auto& [name, expected] : prompts) {
    INFO(name << " in a ragged batch");
    CHECK(deviation(logits.at(name), expected) <= allowed);
    CHECK(greedy.at(name) == expected.greedy);
    model.forget_blocks();
    auto alone = model.start(expected.tokens, expected.tokens.size());
    CHECK(same(model.feed_all(alone, 0), logits.at(name)));
  }
}

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
  check_ragged(model, read_goldens(name));
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
  check_ragged(model, prompts);
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
