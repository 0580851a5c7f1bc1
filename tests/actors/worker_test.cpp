#include <catch2/catch.hpp>

#include <bit>

#include "tests/support/worker_fixture.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

using fixture = worker_fixture;

TEST_CASE_METHOD(fixture, "a worker says what it can hold when its model is loaded") {
  model.kv_blocks = 10;
  options.step_tokens = 6;
  start();
  REQUIRE(log().loaded.size() == 1);
  const auto& [ready, handle] = log().loaded[0];
  CHECK(handle == w);
  CHECK(ready.worker == 3);
  CHECK(ready.model == "m");
  CHECK(ready.blocks == 10);
  CHECK(ready.block_size == 4);
  // No more sequences than a step has tokens for, no longer ones than the cache has.
  CHECK(ready.slots == 6);
  CHECK(ready.context == 40);
}

TEST_CASE_METHOD(fixture, "a sequence gets the answer of an undisturbed run and leaves at once") {
  start();
  assign(ask_for(1, prompt_of(9), 5));
  run();
  CHECK(log().tokens(1) == expected(9, 5));
  CHECK(log().finish(1) == finish_reason::length);
  CHECK(log().departures(1) == reasons{departure_reason::finished});
  CHECK(last_room().free_slots == 8);
  CHECK(last_room().free_blocks == 64);
  CHECK(last_room().last_admit_seen == 1);
  CHECK(log().reports.size() == 5);
  CHECK(log().rooms.size() == 5);
  REQUIRE(log().steps.size() == 5);
  CHECK(log().steps[0].prefill_tokens == 9);
  CHECK(log().steps[1].decode_tokens == 1);
  CHECK(log().steps[0].resident == 1);
  CHECK(log().steps[0].blocks_used == 3);
  CHECK(log().steps[4].resident == 0);
}

TEST_CASE_METHOD(fixture, "how many tokens went to each expert goes with a step's record") {
  model.experts = 3;
  start();
  const auto prompt = prompt_of(9);
  assign(ask_for(1, prompt, 1));
  run();
  REQUIRE(log().steps.size() == 1);
  std::vector<std::uint64_t> expected(3);
  for (const auto token : prompt)
    ++expected[static_cast<std::size_t>(token) % 3];
  CHECK(log().steps[0].expert_tokens == expected);
}

TEST_CASE_METHOD(fixture, "positions and logprobs go with the tokens") {
  start();
  auto work = ask_for(1, prompt_of(9), 2);
  work.sampling.logprobs = true;
  assign(work);
  run();
  REQUIRE(log().reports.size() == 2);
  const auto& second = log().reports[1].tokens.at(0);
  CHECK(log().reports[1].worker == 3);
  CHECK(log().reports[0].tokens.at(0).first_position == 9);
  CHECK(second.first_position == 10);
  REQUIRE(second.scores.size() == 1);
  CHECK(second.scores[0].logprob_bits == std::bit_cast<std::uint32_t>(fake_logprob(second.tokens.at(0))));
}

TEST_CASE_METHOD(fixture, "an end token ends an answer, unless it is ignored") {
  model.eos_after = 3;
  start();
  assign(ask_for(1, prompt_of(5), 10));
  auto stubborn = ask_for(2, prompt_of(5), 6);
  stubborn.ignore_eos = true;
  assign(stubborn);
  run();
  CHECK(log().tokens(1).size() == 3);
  CHECK(log().tokens(1).back() == model.eos);
  CHECK(log().finish(1) == finish_reason::stop);
  CHECK(log().tokens(2).size() == 6);
  CHECK(log().finish(2) == finish_reason::length);
}

TEST_CASE_METHOD(fixture, "an answer ends where the context ends") {
  model.context = 20;
  start();
  assign(ask_for(1, prompt_of(15), 0));
  run();
  CHECK(log().tokens(1) == expected(15, 5));
  CHECK(log().finish(1) == finish_reason::length);
}

TEST_CASE_METHOD(fixture, "a sequence joins a running batch at the next step and changes nobody's answer") {
  start();
  assign(ask_for(1, prompt_of(6), 12));
  during[3] = [this] { assign(ask_for(2, prompt_of(7, 50), 4)); };
  run();
  CHECK(new_tokens(2) == sizes{1});
  CHECK(new_tokens(3) == sizes{1, 7});
  CHECK(log().tokens(1) == expected(6, 12));
  CHECK(log().tokens(2) == expected(7, 4, 50));
  CHECK(engine->steps.size() == 12);
}

TEST_CASE_METHOD(fixture, "a long prompt holds a stream up by no more than a chunk") {
  options.step_tokens = 10;
  start();
  assign(ask_for(1, prompt_of(4), 30));
  during[1] = [this] { assign(ask_for(2, prompt_of(100, 50), 3)); };
  run();
  for (std::size_t i = 1; i <= 11; ++i)
    CHECK(new_tokens(i) == sizes{1, 9});
  CHECK(new_tokens(12) == sizes{1, 1});
  CHECK(new_tokens(13) == sizes{1, 1});
  CHECK(log().tokens(1) == expected(4, 30));
  CHECK(log().tokens(2) == expected(100, 3, 50));
}

TEST_CASE_METHOD(fixture, "a sequence that is let go frees its place before the next step") {
  options.step_tokens = 10;
  start();
  std::size_t prompt = 10;
  std::size_t steps = 3;

  SECTION("in prefill") {
    prompt = 100;
    during[3] = [this] { let_go(1); };
  }
  SECTION("in decode") {
    during[3] = [this] { let_go(1); };
  }
  SECTION("before its first step") {
    steps = 0;
  }
  assign(ask_for(1, prompt_of(prompt), 50));
  if (steps == 0)
    let_go(1);
  run();
  CHECK(engine->steps.size() == steps);
  CHECK(log().departures(1) == reasons{departure_reason::removed});
  CHECK(last_room().free_blocks == 64);
  CHECK(last_room().free_slots == 8);
}

TEST_CASE_METHOD(fixture, "letting one go does not disturb the others") {
  start();
  assign(ask_for(1, prompt_of(6), 12));
  assign(ask_for(2, prompt_of(7, 50), 12));
  assign(ask_for(3, prompt_of(8, 70), 12));
  during[4] = [this] { let_go(2); };
  run();
  CHECK(log().tokens(1) == expected(6, 12));
  CHECK(log().tokens(2).size() == 4);
  CHECK(log().tokens(3) == expected(8, 12, 70));
}

TEST_CASE_METHOD(fixture, "letting go of an older placement leaves the present one alone") {
  start();
  assign(ask_for(1, prompt_of(6), 5));
  tell(w, remove_atom_v, sequence_key{1, 0}, epoch_id{77});
  CHECK(log().tokens(1) == expected(6, 5));
  CHECK(log().departures(1) == reasons{departure_reason::finished});
}

TEST_CASE_METHOD(fixture, "room says whose prompt has gone through, and how long the step took") {
  options.step_tokens = 4;
  start();
  assign(ask_for(1, prompt_of(6), 3));
  run();
  std::vector<sequence_key> prefilled;
  for (const auto& x : log().rooms) {
    prefilled.insert(prefilled.end(), x.prefilled.begin(), x.prefilled.end());
    CHECK(x.step_time.count() > 0);
  }
  CHECK(prefilled == std::vector<sequence_key>{{1, 0}});
}
