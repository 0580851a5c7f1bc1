// A run: its prompt, its tokens, its text.
#include <catch2/catch.hpp>

#include "tests/support/generation_fixture.hpp"

using namespace troupe;
using namespace troupe::test;

TEST_CASE_METHOD(generation_fixture, "a run goes from its prompt to its last token") {
  start();
  REQUIRE(sink(1).started);
  CHECK(sink(1).started->usage.prompt_tokens == 6);
  CHECK(sink(1).started->cache == cache_state::miss);
  REQUIRE(log().places.size() == 1);
  CHECK(log().places[0].tokens == tiny_tokens("prompt"));
  CHECK(log().places[0].max_tokens == 20);
  CHECK(log().registered.contains(7));
  CHECK(log().placed_sinks.empty());

  advance(1s);
  place(1);
  CHECK(log().placed_sinks == std::vector<sink_id>{1});
  advance(1s);
  say("he");
  say("llo");
  CHECK(sink(1).text() == "hello");
  CHECK(sink(1).pieces == 2);
  advance(1s);
  say("!", 1, finish_reason::stop);
  CHECK(sink(1).text() == "hello!");
  CHECK(sink(1).finishes[0] == finish_reason::stop);
  REQUIRE(sink(1).finished);
  CHECK(sink(1).finished->usage.completion_tokens == 7);
  CHECK(sink(1).finished->time_to_first_token == 2s);
  CHECK(sink(1).finished->latency == 3s);

  REQUIRE(log().records.size() == 1);
  CHECK(log().records[0].result == outcome::finished);
  CHECK(log().records[0].queued == 1s);
  CHECK(log().ended_sinks == std::vector<sink_id>{1});
  REQUIRE(log().finished.size() == 1);
  CHECK(log().finished[0].choices[0].text == "hello!");
  CHECK_FALSE(log().registered.contains(7));
  CHECK(alive(run_));
  tell(run_, release_atom_v);
  CHECK_FALSE(alive(run_));
}

TEST_CASE_METHOD(generation_fixture, "an answer without a bound may fill the context, and no more") {
  request.params.max_tokens = GENERATE(std::uint32_t{0}, std::uint32_t{5000});
  start();
  CHECK(log().places[0].max_tokens == context - 6);
}

TEST_CASE_METHOD(generation_fixture, "a long prompt goes through the encoder") {
  generation_options options;
  options.encode_inline_bytes = 3;
  start(options);
  REQUIRE(sink(1).started);
  CHECK(log().places[0].tokens == tiny_tokens("prompt"));
}

TEST_CASE_METHOD(generation_fixture, "a prompt that does not hold fails before it starts") {
  request.prompt = std::string(200, 'x');
  generation_options options;
  options.encode_inline_bytes = GENERATE(std::size_t{1}, std::size_t{10000});
  start(options);
  CHECK_FALSE(sink(1).started);
  REQUIRE(sink(1).failed);
  CHECK(sink(1).failed->reason.code == failure_code::context_length_exceeded);
  CHECK(log().places.empty());
  CHECK(log().cancels.empty());
  CHECK(log().ended_runs == std::vector<run_id>{7});
  CHECK(log().ended_sinks == std::vector<sink_id>{1});
  // One that joined before the cache heard of the failure fails like the first.
  attach(2, cache_state::coalesced);
  CHECK(sink(2).failed);
  tell(run_, release_atom_v);
  CHECK_FALSE(alive(run_));
}

TEST_CASE_METHOD(generation_fixture, "tokens count only under the current epoch and at the next position") {
  start();
  place(4);
  say("a", 3);
  position = 6;
  say("a", 4);
  say("b", 4);
  position = 6;
  say("ab", 4);
  position = 9;
  say("x", 4);
  position = 8;
  say("c", 4);
  CHECK(sink(1).text() == "abc");
}

TEST_CASE_METHOD(
  generation_fixture, "a run that lost its place asks again with what it has, and goes on without a seam") {
  start();
  advance(2s);
  place(1);
  say("ab");
  tell(run_, sequence_lost{{7, 0}, 1});
  REQUIRE(log().places.size() == 2);
  CHECK(log().places[1].tokens == tiny_tokens("promptab"));
  CHECK(log().places[1].prompt_tokens == 6);
  CHECK(log().places[1].max_tokens == 20);
  CHECK(log().places[1].waited == 2s);
  // The old worker's voice, and a second report of the same loss.
  say("c", 1);
  tell(run_, sequence_lost{{7, 0}, 1});
  CHECK(log().places.size() == 2);
  position = 8;
  place(2);
  say("c", 2);
  say("d", 2, finish_reason::length);
  CHECK(sink(1).text() == "abcd");
  CHECK(sink(1).finished);
  CHECK(log().placed_sinks.size() == 1);
}

TEST_CASE_METHOD(generation_fixture, "a stop string ends the run, and its sequence is cancelled") {
  request.params.stop = {"END"};
  start();
  place(1);
  say("textE");
  CHECK(sink(1).text() == "text");
  say("NDmore");
  CHECK(sink(1).text() == "text");
  REQUIRE(sink(1).finished);
  CHECK(sink(1).finishes[0] == finish_reason::stop);
  CHECK(sink(1).finished->usage.completion_tokens == 7);
  CHECK(log().cancels == std::vector<sequence_key>{{7, 0}});
  say("more");
  CHECK(sink(1).text() == "text");
}

TEST_CASE_METHOD(generation_fixture, "text that was held back for a stop string is not lost") {
  request.params.stop = {"END"};
  start();
  place(1);
  say("textEN");
  say("", 1, finish_reason::stop);
  CHECK(sink(1).text() == "textEN");
  CHECK(log().cancels.empty());
}

TEST_CASE_METHOD(generation_fixture, "logprobs come with their tokens, but for the token that ends the answer") {
  request.params.logprobs = true;
  start();
  place(1);
  say("ab");
  say("", 1, finish_reason::stop);
  REQUIRE(sink(1).tokens.size() == 2);
  CHECK(sink(1).tokens[1].bytes == "b");
  CHECK(std::bit_cast<float>(sink(1).tokens[1].logprob_bits) == -0.5F);
  CHECK(log().finished[0].choices[0].tokens.size() == 2);
}

TEST_CASE_METHOD(generation_fixture,
  "further choices ask for their places when the first one's prompt is there, and all end together") {
  request.params.choices = 3;
  start();
  REQUIRE(log().places.size() == 1);
  place(1, 0);
  tell(run_, sequence_tokens{{7, 0}, 1, 6, tiny_tokens("o"), {}, finish_reason::none});
  REQUIRE(log().places.size() == 3);
  CHECK(log().places[1].key == sequence_key{7, 1});
  CHECK(log().places[2].key == sequence_key{7, 2});
  CHECK(log().places[2].tokens == log().places[0].tokens);
  place(2, 1);
  place(3, 2);
  tell(run_, sequence_tokens{{7, 1}, 2, 6, tiny_tokens("two"), {}, finish_reason::length});
  tell(run_, sequence_tokens{{7, 2}, 3, 6, tiny_tokens("three"), {}, finish_reason::length});
  CHECK_FALSE(sink(1).ended());
  tell(run_, sequence_tokens{{7, 0}, 1, 7, tiny_tokens("ne"), {}, finish_reason::length});
  CHECK(sink(1).texts[0] == "one");
  CHECK(sink(1).texts[1] == "two");
  CHECK(sink(1).texts[2] == "three");
  CHECK(sink(1).finished->usage.prompt_tokens == 6);
  CHECK(sink(1).finished->usage.completion_tokens == 11);
  CHECK(log().finished[0].choices.size() == 3);
}

TEST_CASE_METHOD(generation_fixture, "an answer with echo begins with its prompt, and with the prompt's scores") {
  request.form = prompt_form::text;
  request.prompt = "abc";
  request.params.echo = true;
  request.params.logprobs = true;
  start();
  REQUIRE(log().places.size() == 1);
  CHECK(log().places[0].score_prompt);
  place(1);
  const auto bits = [](float x) { return std::bit_cast<std::uint32_t>(x); };
  tell(run_, prompt_scores{{7, 0}, 1, 1, {{bits(-1), {}, {}}}});
  // Lost before its first token: the part that was told counts no more.
  tell(run_, sequence_lost{{7, 0}, 1, 0});
  place(2);
  tell(run_, prompt_scores{{7, 0}, 1, 2, {{bits(-9), {}, {}}}});
  tell(run_, prompt_scores{{7, 0}, 2, 1, {{bits(-2), {'x'}, {bits(-1)}}, {bits(-3), {}, {}}}});
  tell(run_, sequence_tokens{{7, 0}, 2, 3, tiny_tokens("d"), {{bits(-4), {}, {}}}, finish_reason::length});
  CHECK(sink(1).texts[0] == "abcd");
  const auto& tokens = sink(1).tokens;
  REQUIRE(tokens.size() == 4);
  CHECK_FALSE(tokens[0].scored);
  CHECK(tokens[1].logprob_bits == bits(-2));
  REQUIRE(tokens[1].top.size() == 1);
  CHECK(tokens[1].top[0].bytes == "x");
  CHECK(tokens[2].logprob_bits == bits(-3));
  CHECK(tokens[3].logprob_bits == bits(-4));
}

TEST_CASE_METHOD(generation_fixture, "a further choice that loses its place still begins with the prompt's scores") {
  request.form = prompt_form::text;
  request.prompt = "ab";
  request.params.echo = true;
  request.params.logprobs = true;
  request.params.choices = 2;
  start();
  place(1);
  const auto bits = std::bit_cast<std::uint32_t>(-2.F);
  tell(run_, prompt_scores{{7, 0}, 1, 1, {{bits, {}, {}}}});
  tell(run_, sequence_tokens{{7, 0}, 1, 2, tiny_tokens("c"), {{bits, {}, {}}}, finish_reason::length});
  place(2, 1);
  tell(run_, sequence_lost{{7, 1}, 2, 0});
  place(3, 1);
  const auto before = sink(1).tokens.size();
  tell(run_, sequence_tokens{{7, 1}, 3, 2, tiny_tokens("d"), {{bits, {}, {}}}, finish_reason::length});
  const auto& tokens = sink(1).tokens;
  REQUIRE(tokens.size() == before + 3);
  CHECK_FALSE(tokens[before].scored);
  CHECK(tokens[before + 1].scored);
  CHECK(tokens[before + 1].logprob_bits == bits);
}

TEST_CASE_METHOD(generation_fixture, "a bias for a token that the vocabulary does not have is refused") {
  request.params.logit_bias = {{1'000'000, 1}};
  start();
  REQUIRE(sink(1).failed);
  CHECK(sink(1).failed->reason.param == "logit_bias");
  CHECK(log().places.empty());
}
