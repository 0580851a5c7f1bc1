// Runs that draw nothing: embeddings, and scores of given continuations.
#include <catch2/catch.hpp>

#include "tests/support/generation_fixture.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

std::uint32_t bits(float x) {
  return std::bit_cast<std::uint32_t>(x);
}

struct embedding_fixture : generation_fixture {
  embedding_fixture() {
    request.kind = work_kind::embed;
    request.pool = engine::pooling::mean;
    request.params = {};
  }
};

struct score_fixture : generation_fixture {
  score_fixture() {
    request.kind = work_kind::score;
    request.params = {};
    request.continuations = {{"ab", {}}, {{}, {'c'}}, {"def", {}}};
    request.params.choices = 3;
    request.params.logprobs = true;
    request.params.top_logprobs = 1;
  }

  void score(std::uint32_t choice, epoch_id epoch, std::uint32_t first, const std::vector<float>& logprobs) {
    prompt_scores part{{7, choice}, epoch, first, {}};
    for (const auto x : logprobs)
      part.scores.push_back({bits(x), {'z'}, {bits(-0.5F)}});
    tell(run_, part);
  }
};

} // namespace

TEST_CASE_METHOD(embedding_fixture, "an embedding is a run's whole answer, and is kept") {
  start();
  REQUIRE(log().places.size() == 1);
  CHECK(log().places[0].kind == work_kind::embed);
  CHECK(log().places[0].pool == engine::pooling::mean);
  CHECK(log().places[0].tokens == tiny_tokens("prompt"));
  place(1);
  tell(run_, sequence_embedding{{7, 0}, 1, {1, 2, 3}});
  CHECK(sink(1).embedding == std::vector<std::uint32_t>{1, 2, 3});
  REQUIRE(sink(1).finished);
  CHECK(sink(1).finished->usage.prompt_tokens == 6);
  CHECK(sink(1).finished->usage.completion_tokens == 0);
  REQUIRE(log().finished.size() == 1);
  CHECK(log().finished[0].choices.at(0).embedding == std::vector<std::uint32_t>{1, 2, 3});
  // Who comes after the end is told all the same.
  attach(2, cache_state::coalesced);
  CHECK(sink(2).embedding == std::vector<std::uint32_t>{1, 2, 3});
  CHECK(sink(2).finished);
}

TEST_CASE_METHOD(embedding_fixture, "an embedding of an old epoch counts for nothing") {
  start();
  place(1);
  tell(run_, sequence_lost{{7, 0}, 1, 1});
  REQUIRE(log().places.size() == 2);
  CHECK(log().places[1].strikes == 1);
  place(2);
  tell(run_, sequence_embedding{{7, 0}, 1, {9}});
  CHECK_FALSE(sink(1).finished);
  tell(run_, sequence_embedding{{7, 0}, 2, {4}});
  CHECK(sink(1).embedding == std::vector<std::uint32_t>{4});
}

TEST_CASE_METHOD(embedding_fixture, "an embedding that nobody waits for leaves its worker") {
  start();
  place(1);
  tell(run_, detach_atom_v, sink_id{1}, detach_reason::client_gone);
  CHECK(log().cancels == std::vector<sequence_key>{{7, 0}});
  CHECK(log().finished.empty());
}

TEST_CASE_METHOD(score_fixture, "the first continuation is scored before the others ask for places") {
  start();
  REQUIRE(log().places.size() == 1);
  CHECK(log().places[0].kind == work_kind::score);
  CHECK(log().places[0].tokens == tiny_tokens("promptab"));
  CHECK(log().places[0].prompt_tokens == 6);
  CHECK(log().places[0].sampling.top_logprobs == 1);
  place(1);
  score(0, 1, 6, {-1});
  CHECK(log().places.size() == 1);
  score(0, 1, 7, {-2});
  REQUIRE(log().places.size() == 3);
  CHECK(log().places[1].tokens == tiny_tokens("promptc"));
  CHECK(log().places[2].tokens == tiny_tokens("promptdef"));
  place(2, 1);
  place(3, 2);
  score(2, 3, 6, {-4, -5, -6});
  CHECK_FALSE(sink(1).finished);
  score(1, 2, 6, {-3});
  REQUIRE(sink(1).finished);
  CHECK(sink(1).finished->usage.prompt_tokens == 12);
  const auto& answer = log().finished.at(0);
  REQUIRE(answer.choices.size() == 3);
  CHECK(answer.choices[1].tokens.at(0).token == 'c');
  CHECK(answer.choices[2].tokens.at(2).logprob_bits == bits(-6));
  CHECK(answer.choices[2].tokens.at(2).top.at(0).token == 'z');
}

TEST_CASE_METHOD(score_fixture, "a continuation that loses its place is scored anew, once") {
  request.continuations.resize(1);
  request.params.choices = 1;
  start();
  place(1);
  score(0, 1, 6, {-9});
  tell(run_, sequence_lost{{7, 0}, 1, 0});
  place(2);
  score(0, 1, 7, {-9});
  score(0, 2, 7, {-9});
  score(0, 2, 6, {-1, -2});
  REQUIRE(sink(1).tokens.size() == 2);
  CHECK(sink(1).tokens[0].logprob_bits == bits(-1));
  CHECK(sink(1).tokens[1].logprob_bits == bits(-2));
  CHECK(sink(1).finished);
}

TEST_CASE_METHOD(score_fixture, "a continuation that adds nothing, or is too long, is refused by its name") {
  SECTION("nothing") {
    request.continuations[1] = {};
    start();
    REQUIRE(sink(1).failed);
    CHECK(sink(1).failed->reason.param == "continuations[1]");
    CHECK(sink(1).failed->reason.message == "continuations[1] adds no token to the prompt");
  }
  SECTION("too long") {
    request.continuations[2].text = std::string(94, 'x');
    start();
    REQUIRE(sink(1).failed);
    CHECK(sink(1).failed->reason.code == failure_code::context_length_exceeded);
    CHECK(
      sink(1).failed->reason.message == "prompt and continuations[2] must have less than 100 tokens together, got 100");
  }
  SECTION("no token of the vocabulary") {
    request.continuations[1].tokens = {100000};
    start();
    REQUIRE(sink(1).failed);
    CHECK(sink(1).failed->reason.param == "continuations[1]");
  }
}
