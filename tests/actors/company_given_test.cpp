// Embeddings and scores through the whole company, beside text.
#include <catch2/catch.hpp>

#include <bit>

#include "tests/support/company_fixture.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

native_request embed(const std::string& text, engine::pooling pool = engine::pooling::mean) {
  auto out = company_fixture::ask_for(text, 0);
  out.kind = work_kind::embed;
  out.pool = pool;
  return out;
}

native_request score(const std::string& prompt, const std::vector<std::string>& continuations) {
  auto out = company_fixture::ask_for(prompt, 0);
  out.kind = work_kind::score;
  for (const auto& text : continuations)
    out.continuations.push_back({text, {}});
  out.params.choices = static_cast<std::uint32_t>(continuations.size());
  out.params.logprobs = true;
  out.params.top_logprobs = 1;
  return out;
}

void check_scores(const sink_log& sink, const std::string& prompt, const std::string& continuation, std::size_t from) {
  for (std::size_t i = 0; i < continuation.size(); ++i) {
    const auto& told = sink.tokens.at(from + i);
    CHECK(told.token == continuation[i]);
    CHECK(told.logprob_bits ==
      std::bit_cast<std::uint32_t>(fake_score(tiny_tokens(prompt + continuation.substr(0, i)), continuation[i])));
  }
}

} // namespace

TEST_CASE("embeddings and scores are right beside text, in any order of the messages") {
  for (const std::uint64_t seed : {0, 1, 2, 3, 4, 5, 6, 7}) {
    company_fixture company{seed};
    const auto text = company.ask_for("some text");
    company.submit(1, text);
    company.submit(2, embed(std::string(60, 'e') + "!"));
    company.submit(3, embed("short", engine::pooling::last));
    company.submit(4, score("question", {" yes", " no"}));
    company.submit(5, text);
    company.run();
    INFO("seed " << seed);
    CHECK(company.sink(1).text() == company.lone_answer(text));
    CHECK(
      company.sink(2).embedding == expected_embedding(tiny_tokens(std::string(60, 'e') + "!"), engine::pooling::mean));
    CHECK(company.sink(3).embedding == expected_embedding(tiny_tokens("short"), engine::pooling::last));
    REQUIRE(company.sink(4).tokens.size() == 7);
    check_scores(company.sink(4), "question", " yes", 0);
    check_scores(company.sink(4), "question", " no", 4);
    CHECK(company.sink(4).finished->usage.prompt_tokens == 15);
    company.check_rest(5);
  }
}

TEST_CASE_METHOD(company_fixture, "an equal embedding comes from the cache, one with another pooling does not") {
  submit(1, embed("same"));
  run();
  submit(2, embed("same"));
  submit(3, embed("same", engine::pooling::last));
  run();
  CHECK(sink(2).started->cache == cache_state::hit);
  CHECK(sink(2).embedding == sink(1).embedding);
  CHECK(sink(3).started->cache == cache_state::miss);
  CHECK(sink(3).embedding == expected_embedding(tiny_tokens("same"), engine::pooling::last));
  check_rest(3);
}

TEST_CASE_METHOD(company_fixture, "an embedding that its worker cannot step fails alone") {
  submit(1, embed("good"));
  submit(2, embed(std::string("bad") + poison));
  submit(3, score("question", {std::string("?") + poison + "!", "!"}));
  run();
  CHECK(sink(1).embedding == expected_embedding(tiny_tokens("good"), engine::pooling::mean));
  CHECK(sink(2).failed->reason.code == failure_code::internal_error);
  CHECK(sink(3).failed->reason.code == failure_code::internal_error);
  check_rest(3);
}

TEST_CASE("work that a dead worker held is done again elsewhere") {
  for (int after = 0; after < 6; ++after) {
    company_fixture company{static_cast<std::uint64_t>(after)};
    *company.broken = {true, after, 0};
    const std::string longer(90, 'x');
    company.submit(1, embed(longer));
    company.submit(2, embed(longer + "y", engine::pooling::last));
    company.submit(3, score(longer, {"one", "two"}));
    company.submit(4, score("short", {"three"}));
    company.run();
    company.advance(5s);
    INFO("after " << after);
    CHECK(company.sink(1).embedding == expected_embedding(tiny_tokens(longer), engine::pooling::mean));
    CHECK(company.sink(2).embedding == expected_embedding(tiny_tokens(longer + "y"), engine::pooling::last));
    REQUIRE(company.sink(3).tokens.size() == 6);
    check_scores(company.sink(3), longer, "one", 0);
    check_scores(company.sink(3), longer, "two", 3);
    check_scores(company.sink(4), "short", "three", 0);
    company.check_rest(4);
  }
}
