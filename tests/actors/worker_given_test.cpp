// Sequences that draw nothing: those that are embedded, and those whose given tokens are scored.
#include <catch2/catch.hpp>

#include <bit>

#include "tests/support/worker_fixture.hpp"

using namespace troupe;
using namespace troupe::test;

using fixture = worker_fixture;

namespace {

placement_request embed(run_id run, std::vector<token_id> tokens, engine::pooling pool) {
  auto work = ask_for(run, std::move(tokens), 0);
  work.kind = work_kind::embed;
  work.pool = pool;
  return work;
}

placement_request score(run_id run, std::vector<token_id> tokens, std::uint32_t prompt) {
  auto work = ask_for(run, std::move(tokens), 0);
  work.kind = work_kind::score;
  work.prompt_tokens = prompt;
  work.sampling.top_logprobs = 1;
  return work;
}

/// All embeddings that were told of a run.
std::vector<sequence_embedding> embeddings(const sequence_log& log, run_id run) {
  std::vector<sequence_embedding> out;
  for (const auto& report : log.reports)
    for (const auto& one : report.embeddings)
      if (one.key.run == run)
        out.push_back(one);
  return out;
}

/// The scores of a run as one list; they must come in order, from `first` on.
std::vector<token_score> scores(const sequence_log& log, run_id run, std::uint32_t first) {
  std::vector<token_score> out;
  for (const auto& report : log.reports)
    for (const auto& part : report.scores)
      if (part.key.run == run) {
        CHECK(part.first_position == first + out.size());
        out.insert(out.end(), part.scores.begin(), part.scores.end());
      }
  return out;
}

void check_scores(const std::vector<token_score>& told, const std::vector<token_id>& tokens, std::size_t prompt) {
  REQUIRE(told.size() == tokens.size() - prompt);
  for (auto i = prompt; i < tokens.size(); ++i) {
    const std::vector<token_id> before(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK(told[i - prompt].logprob_bits == std::bit_cast<std::uint32_t>(fake_score(before, tokens[i])));
    CHECK(told[i - prompt].top.size() == 1);
  }
}

} // namespace

TEST_CASE_METHOD(fixture, "an embedding is its sequence's end, however the prompt was cut and whoever runs beside it") {
  options.step_tokens = GENERATE(5U, 64U);
  const auto pool = GENERATE(engine::pooling::mean, engine::pooling::last);
  start();
  assign(ask_for(1, prompt_of(9), 5));
  assign(embed(2, prompt_of(23, 50), pool));
  run();
  CHECK(log().tokens(1) == expected(9, 5));
  const auto told = embeddings(log(), 2);
  REQUIRE(told.size() == 1);
  CHECK(told[0].epoch == 2);
  CHECK(told[0].values == expected_embedding(prompt_of(23, 50), pool));
  CHECK(log().tokens(2).empty());
  CHECK(log().departures(2) == reasons{departure_reason::finished});
  CHECK(last_room().free_slots == (options.step_tokens == 5 ? 5 : 8));
  CHECK(last_room().free_blocks == 64);
}

TEST_CASE_METHOD(fixture, "a mean reads no cached prefix, a last state does, and both leave their blocks to others") {
  start();
  const auto pool = GENERATE(engine::pooling::mean, engine::pooling::last);
  assign(ask_for(1, prompt_of(20), 1));
  run();
  assign(embed(2, prompt_of(20), pool));
  run();
  CHECK(new_tokens(1) == sizes{pool == engine::pooling::mean ? std::size_t{20} : std::size_t{4}});
  CHECK(embeddings(log(), 2).at(0).values == expected_embedding(prompt_of(20), pool));
  assign(embed(3, prompt_of(17, 100), pool));
  run();
  assign(ask_for(4, prompt_of(20, 100), 1));
  run();
  CHECK(new_tokens(3) == sizes{4});
}

TEST_CASE_METHOD(fixture, "given tokens are scored in order, and nothing else is") {
  options.step_tokens = GENERATE(3U, 5U, 64U);
  start();
  const auto tokens = prompt_of(19, 50);
  assign(ask_for(1, prompt_of(9), 5));
  assign(score(2, tokens, 11));
  run();
  CHECK(log().tokens(1) == expected(9, 5));
  check_scores(scores(log(), 2, 11), tokens, 11);
  CHECK(log().tokens(2).empty());
  CHECK(log().departures(2) == reasons{departure_reason::finished});
  CHECK(log().failures(2).empty());
}

TEST_CASE_METHOD(
  fixture, "the second continuation finds the prompt in the cache, up to the token that predicts its first") {
  start();
  auto first = prompt_of(20);
  auto second = first;
  first.push_back(500);
  second.push_back(600);
  second.push_back(601);
  assign(score(1, first, 20));
  run();
  assign(score(2, second, 20));
  run();
  // 16 of the 19 tokens that may be read are in full blocks, and the last one predicts nothing.
  CHECK(new_tokens(1) == sizes{5});
  check_scores(scores(log(), 2, 20), second, 20);
  // A prompt that ends with a block is not read whole.
  auto third = prompt_of(16);
  third.push_back(700);
  assign(score(3, third, 16));
  run();
  CHECK(new_tokens(2) == sizes{4});
  check_scores(scores(log(), 3, 16), third, 16);
}

TEST_CASE_METHOD(fixture, "a single token can be embedded, and scored behind a single one") {
  start();
  assign(embed(1, {7}, engine::pooling::mean));
  assign(score(2, {7, 9}, 1));
  run();
  CHECK(embeddings(log(), 1).at(0).values == expected_embedding({7}, engine::pooling::mean));
  check_scores(scores(log(), 2, 1), {7, 9}, 1);
  CHECK(log().steps.at(0).decode_tokens == 0);
}

TEST_CASE_METHOD(fixture, "an embedding whose step throws is summed once when its row runs alone") {
  model.before_step = [](std::size_t step, const engine::batch&) {
    if (step == 2)
      throw std::runtime_error("for a moment");
  };
  options.step_tokens = 8;
  start();
  assign(embed(1, prompt_of(23), engine::pooling::mean));
  run();
  CHECK(embeddings(log(), 1).at(0).values == expected_embedding(prompt_of(23), engine::pooling::mean));
}
