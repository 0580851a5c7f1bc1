// What the scheduler makes of workers that die, stall, drain or never come.
#include <catch2/catch.hpp>

#include "tests/support/schedule_fixture.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

using runs = std::vector<run_id>;

struct fixture : schedule_fixture {
  schedule_orders lose_worker(worker_id id, bool by_its_work = true, bool expected_back = true) {
    plan.worker_is_gone({id, expected_back, by_its_work});
    return plan.decide(now);
  }

  /// Asks again for all that was lost, as their generations do.
  schedule_orders ask_again(const schedule_orders& orders) {
    schedule_orders all;
    for (const auto& lost : orders.lost) {
      auto again = work(lost.key.run);
      again.strikes = lost.strikes;
      auto got = ask(again);
      all.placements.insert(all.placements.end(), got.placements.begin(), got.placements.end());
    }
    return all;
  }

  schedule_orders prefilled(worker_id id, std::uint64_t seen, run_id run) {
    plan.worker_has_room({id, seen, 8, 100, timespan{1ms}, {{run, 0}}, {}}, now);
    return plan.decide(now);
  }
};

std::vector<run_id> failed(const schedule_orders& orders) {
  std::vector<run_id> out;
  for (const auto& x : orders.failed)
    out.push_back(x.key.run);
  return out;
}

} // namespace

TEST_CASE_METHOD(fixture, "the sequences of a worker that died are tried one at a time") {
  ready(0, 8);
  for (run_id run = 1; run <= 3; ++run)
    ask(work(run));
  const auto lost = lose_worker(0);
  REQUIRE(lost.lost.size() == 3);
  CHECK(lost.lost[0].strikes == 1);
  ready(0, 8);
  CHECK(placed(ask_again(lost)) == runs{1});
  // Who lost nothing is not held up by a trial, but it does not overtake those who wait.
  CHECK(placed(prefilled(0, 1, 1)) == runs{2});
  CHECK(placed(prefilled(0, 2, 2)) == runs{3});
  prefilled(0, 3, 3);

  SECTION("who has passed has no strike any more") {
    const auto again = lose_worker(0);
    REQUIRE(again.lost.size() == 3);
    CHECK(again.lost[0].strikes == 1);
    CHECK(again.failed.empty());
  }
}

TEST_CASE_METHOD(fixture, "the sequence that two workers died of is failed, and the others go on") {
  ready(0, 8);
  for (run_id run = 1; run <= 3; ++run)
    ask(work(run));
  auto lost = lose_worker(0);
  ready(0, 8);
  CHECK(placed(ask_again(lost)) == runs{1});
  prefilled(0, 1, 1);
  // Run 2 is on trial now, beside run 1.
  lost = lose_worker(0);
  CHECK(failed(lost) == runs{2});
  CHECK(lost.failed[0].epoch == 5);
  CHECK(lost.failed[0].reason.code == failure_code::internal_error);
  CHECK(lost.failed[0].reason.message.find("2 workers") != std::string::npos);
  REQUIRE(lost.lost.size() == 1);
  CHECK(lost.lost[0].key.run == 1);
  CHECK(lost.lost[0].strikes == 0);
  // Run 3 never came to its trial: it waits for the worker with the strike that it has.
  CHECK(plan.load().waiting == 1);
  CHECK(plan.load().running == 0);
}

TEST_CASE_METHOD(fixture, "a drill blames nobody") {
  ready(0, 8);
  ask(work(1));
  ask(work(2));
  for (int i = 0; i < 5; ++i) {
    const auto lost = lose_worker(0, false);
    REQUIRE(lost.lost.size() == 2);
    CHECK(lost.lost[0].strikes == 0);
    ready(0, 8);
    CHECK(placed(ask_again(lost)) == runs{1, 2});
  }
}

TEST_CASE_METHOD(fixture, "a sequence on trial goes to another worker than one that has one") {
  ready(0, 8);
  ask(work(1));
  ask(work(2));
  const auto lost = lose_worker(0);
  ready(0, 8);
  ready(1, 8);
  const auto orders = ask_again(lost);
  CHECK(placed(orders) == runs{1, 2});
  CHECK(orders.placements[0].worker != orders.placements[1].worker);
}

TEST_CASE_METHOD(fixture, "a worker with work that finishes no step is told of once in a while") {
  ready(0, 8);
  now += 1h;
  plan.look_for_stalls(now);
  CHECK(plan.decide(now).stalled.empty());
  ask(work(1));
  now += 5s;
  plan.look_for_stalls(now);
  CHECK(plan.decide(now).stalled.empty());
  now += 1s;
  plan.look_for_stalls(now);
  const auto stalled = plan.decide(now).stalled;
  REQUIRE(stalled.size() == 1);
  CHECK(stalled[0].worker == 0);
  CHECK(stalled[0].idle == 6s);
  plan.look_for_stalls(now);
  CHECK(plan.decide(now).stalled.empty());
  // Ten times its longest step, where that is more.
  plan.worker_has_room({0, 1, 8, 100, timespan{3s}, {}, {}}, now);
  now += 30s;
  plan.look_for_stalls(now);
  CHECK(plan.decide(now).stalled.empty());
  now += 1s;
  plan.look_for_stalls(now);
  CHECK(plan.decide(now).stalled.size() == 1);
}

TEST_CASE_METHOD(fixture, "a worker that drains gets nothing new, and is told of when it is empty") {
  ready(0, 8);
  ready(1, 1);
  ask(work(1));
  ask(work(2));
  plan.drain_worker(0);
  CHECK(plan.decide(now).drained.empty());
  CHECK(placed(ask(work(3))).empty());
  const auto orders = say_room(0, 1, 8, {left(1, 1)});
  CHECK(orders.drained == std::vector<worker_id>{0});
  CHECK(placed(orders).empty());
  lose_worker(0, true, false);
  CHECK(placed(say_room(1, 1, 1, {left(2, 2)})) == runs{3});
}

TEST_CASE_METHOD(fixture, "an idle worker has drained at once") {
  ready(0, 8);
  plan.drain_worker(0);
  CHECK(plan.decide(now).drained == std::vector<worker_id>{0});
  plan.drain_worker(9);
  CHECK(plan.decide(now).drained.empty());
}

TEST_CASE_METHOD(fixture, "what waits for a model that is lost fails, and so does what comes, until a worker has it") {
  ask(work(1));
  auto other = work(2);
  other.model = "other";
  ask(other);
  plan.lose_model({"m", "model.gguf: bad magic"});
  auto orders = plan.decide(now);
  CHECK(failed(orders) == runs{1});
  CHECK(orders.failed[0].reason.code == failure_code::no_worker);
  CHECK(orders.failed[0].reason.message == "no worker holds the model 'm': model.gguf: bad magic");
  CHECK(orders.forgotten.size() == 1);
  CHECK(failed(ask(work(3))) == runs{3});
  CHECK(plan.load().waiting == 1);
  ready(0, 8);
  CHECK(placed(ask(work(4))) == runs{4});
}

TEST_CASE_METHOD(fixture, "a prompt goes to the worker that has computed its beginning") {
  ready(0, 8);
  ready(1, 8);
  ask(work(1, 40));
  ask(work(2, 40));
  // The runs of these lengths begin alike, as the fixture makes them: run 1 went to worker 0.
  auto longer = work(1, 60);
  longer.key.run = 3;
  auto orders = ask(longer);
  REQUIRE(placed(orders) == runs{3});
  CHECK(orders.placements[0].worker == 0);
  longer.key.run = 4;
  CHECK(ask(longer).placements.at(0).worker == 0);

  SECTION("but not for another tenant") {
    longer.key.run = 5;
    longer.tenant_salt = "somebody else";
    CHECK(ask(longer).placements.at(0).worker == 1);
  }
  SECTION("nor when that worker has been started again") {
    lose_worker(0, false);
    ready(0, 8);
    longer.key.run = 5;
    CHECK(ask(longer).placements.at(0).worker == 0);
    longer.key.run = 6;
    // Now it is known again.
    CHECK(ask(longer).placements.at(0).worker == 0);
  }
}
