// Sequences with adapters in one worker.
#include <catch2/catch.hpp>

#include "tests/support/worker_fixture.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

const std::string first = "11111111111111111111111111111111";
const std::string second = "22222222222222222222222222222222";

struct adapter_fixture : worker_fixture {
  adapter_fixture() { model.adapters = {first, second}; }

  static placement_request ask_with(run_id run, const std::string& adapter) {
    auto work = ask_for(run, prompt_of(10), 6);
    work.adapter = adapter;
    return work;
  }

  /// The answer to `ask_with` where nothing but the adapter's own keys are read.
  std::vector<token_id> answer_of(std::uint32_t adapter) const {
    std::vector<token_id> tokens, answer;
    for (const auto token : prompt_of(10))
      tokens.push_back(fake_key(model, token, adapter));
    for (std::uint64_t i = 0; i < 6; ++i) {
      answer.push_back(fake_draw(model, tokens, {}, 0, i));
      tokens.push_back(fake_key(model, answer.back(), adapter));
    }
    return answer;
  }
};

} // namespace

TEST_CASE_METHOD(adapter_fixture, "sequences of several adapters and of none go through one step, each with its own") {
  start();
  assign(ask_with(1, ""));
  assign(ask_with(2, first));
  assign(ask_with(3, second));
  run();
  REQUIRE(engine->steps.at(0).rows.size() == 3);
  CHECK(engine->steps[0].rows[0].adapter == 0);
  CHECK(engine->steps[0].rows[1].adapter == 1);
  CHECK(engine->steps[0].rows[2].adapter == 2);
  CHECK(log().tokens(1) == answer_of(0));
  CHECK(log().tokens(2) == answer_of(1));
  CHECK(log().tokens(3) == answer_of(2));
}

TEST_CASE_METHOD(adapter_fixture, "a prompt that was computed with one adapter is computed anew with another") {
  start();
  run_id run_number = 0;
  const std::vector<std::string> adapters{"", first, second};
  for (int round = 0; round < 2; ++round)
    for (std::uint32_t i = 0; i < adapters.size(); ++i) {
      INFO("round " << round << ", adapter " << i);
      const auto before = engine->steps.size();
      assign(ask_with(++run_number, adapters[i]));
      run();
      CHECK(log().tokens(run_number) == answer_of(i));
      // The second time, two full blocks of four are there: its own.
      CHECK(engine->steps.at(before).rows.at(0).position == (round == 0 ? 0 : 8));
    }
}

TEST_CASE_METHOD(adapter_fixture, "a sequence whose adapter is not loaded fails alone and is told its digest") {
  start();
  assign(ask_with(1, "33333333333333333333333333333333"));
  assign(ask_with(2, first));
  run();
  REQUIRE(log().failures(1).size() == 1);
  CHECK(log().failures(1)[0].message ==
    "this worker has loaded no adapter whose files have the digest 33333333333333333333333333333333");
  CHECK(log().tokens(2) == answer_of(1));
}

TEST_CASE("of two adapters with the same content either will do") {
  engine::model_info info;
  info.max_sequences = 1;
  info.max_step_tokens = 1;
  info.adapters = {{"a", first}, {"again", first}, {"b", second}};
  const auto limits = limits_of(info, {});
  CHECK(limits.adapters == std::map<std::string, std::uint32_t>{{first, 1}, {second, 3}});
}
