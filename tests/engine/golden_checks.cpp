#include "tests/engine/golden_checks.hpp"

#include "engine/device.hpp"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>

#include <algorithm>

namespace troupe::engine::testing {

namespace {

/// On processors without AVX-512, oneDNN splits tiny matrices along K by the number of rows; there only closeness is
/// promised for the tiny models.
bool repeats_exactly() {
  return processor().avx512;
}

bool same(const at::Tensor& a, const at::Tensor& b) {
  return repeats_exactly() ? a.equal(b) : a.allclose(b, 1e-4, 1e-4);
}

/// Feeds all prompts together: chunks of different lengths beside decodes, each sequence at its own pace.
std::map<std::string, std::vector<token_id>> run_ragged(bench& model, const std::map<std::string, golden>& prompts,
  const std::vector<std::size_t>& paces, std::map<std::string, at::Tensor>& logits_of) {
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

} // namespace

float check_alone(bench& model, const golden& expected, const std::vector<std::size_t>& chunks, std::size_t answer) {
  at::Tensor first;
  float most = 0;
  for (const auto chunk : chunks) {
    INFO("chunks of " << chunk << " tokens, 0 is whole");
    model.forget_blocks();
    auto sequence = model.start(expected.tokens, expected.tokens.size() + expected.greedy.size());
    const auto logits = model.feed_all(sequence, chunk);
    most = std::max(most, deviation(logits, expected));
    CHECK(most <= allowed);
    if (!first.defined())
      first = logits;
    CHECK(same(first, logits));
    const std::vector<token_id> tokens(
      expected.greedy.begin(), expected.greedy.begin() + static_cast<std::ptrdiff_t>(answer));
    CHECK(model.greedy(sequence, logits, answer) == tokens);
  }
  return most;
}

void check_ragged(bench& model, const std::map<std::string, golden>& prompts, const std::vector<std::size_t>& paces) {
  model.forget_blocks();
  std::map<std::string, at::Tensor> logits;
  const auto greedy = run_ragged(model, prompts, paces, logits);
  for (const auto& [name, expected] : prompts) {
    INFO(name << " in a ragged batch");
    CHECK(deviation(logits.at(name), expected) <= allowed);
    CHECK(greedy.at(name) == expected.greedy);
    model.forget_blocks();
    auto alone = model.start(expected.tokens, expected.tokens.size());
    CHECK(same(model.feed_all(alone, 0), logits.at(name)));
  }
}

} // namespace troupe::engine::testing
