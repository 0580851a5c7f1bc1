#include <catch2/catch.hpp>

#include "tests/support/schedule_fixture.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

using fixture = schedule_fixture;
using runs = std::vector<run_id>;

} // namespace

TEST_CASE_METHOD(fixture, "sequences wait while no worker is ready, and are placed in turn when one is") {
  CHECK(placed(ask(work(1))).empty());
  CHECK(placed(ask(work(2, 5, 1))).empty());
  CHECK(placed(ask(work(3))).empty());
  CHECK(plan.load().waiting == 3);
  CHECK(placed(ready(0, 2)) == runs{2, 1});
  CHECK(plan.load().waiting == 1);
  CHECK(plan.load().running == 2);
}

TEST_CASE_METHOD(fixture, "a placement carries the whole work, a new epoch, its number and its rank") {
  ready(4, 8);
  const auto first = ask(work(1, 9, 3));
  now += 1s;
  const auto second = ask(work(2, 5, 3));
  now += 1s;
  const auto third = ask(work(3, 5, 2));
  REQUIRE(placed(third) == runs{3});
  const auto& a = first.placements.at(0).work;
  const auto& b = second.placements.at(0).work;
  const auto& c = third.placements.at(0).work;
  CHECK(first.placements.at(0).worker == 4);
  CHECK(a.work.tokens.size() == 9);
  CHECK(a.number == 1);
  CHECK(b.number == 2);
  CHECK(a.epoch < b.epoch);
  CHECK(b.epoch < c.epoch);
  // The youngest gives way first, and before it whoever has a lower priority.
  CHECK(a.rank < b.rank);
  CHECK(b.rank < c.rank);
}

TEST_CASE("rank: the youngest of the lowest priority gives way first") {
  CHECK(eviction_rank(0, time_point{1s}) < eviction_rank(0, time_point{2s}));
  CHECK(eviction_rank(1, time_point{9h}) < eviction_rank(0, time_point{2s}));
  CHECK(eviction_rank(INT32_MAX, time_point{9h}) < eviction_rank(INT32_MIN, time_point{-2s}));
}

TEST_CASE_METHOD(fixture, "a worker never gets more than it said it can take") {
  ready(0, 2);
  CHECK(placed(ask(work(1))) == runs{1});
  CHECK(placed(ask(work(2))) == runs{2});
  CHECK(placed(ask(work(3))).empty());
  // It has seen one of the two: the other still counts.
  CHECK(placed(say_room(0, 1, 1)).empty());
  CHECK(placed(say_room(0, 2, 0)).empty());
  CHECK(placed(say_room(0, 2, 1, {left(1, 1)})) == runs{3});
  CHECK(placed(ask(work(4))).empty());
}

TEST_CASE_METHOD(fixture, "a head that does not fit is not overtaken") {
  ready(0, 8, 20);
  CHECK(placed(ask(work(1, 30))) == runs{1});
  CHECK(placed(ask(work(2, 75))).empty());
  CHECK(placed(ask(work(3, 1))).empty());
  CHECK(placed(say_room(0, 1, 8, {left(1, 1)}, 20)) == runs{2});
  CHECK(placed(say_room(0, 2, 8, {left(2, 2)}, 20)) == runs{3});
}

TEST_CASE_METHOD(fixture, "models do not wait for each other") {
  ready(0, 1);
  ready(1, 1, 100, "other");
  ask(work(1));
  CHECK(placed(ask(work(2))).empty());
  auto elsewhere = work(3);
  elsewhere.model = "other";
  const auto orders = ask(elsewhere);
  REQUIRE(placed(orders) == runs{3});
  CHECK(orders.placements[0].worker == 1);
}

TEST_CASE_METHOD(fixture, "work goes to the least loaded worker") {
  ready(0, 4);
  ready(1, 4);
  std::vector<worker_id> where;
  for (run_id run = 1; run <= 4; ++run)
    where.push_back(ask(work(run)).placements.at(0).worker);
  CHECK(where == std::vector<worker_id>{0, 1, 0, 1});
}

TEST_CASE_METHOD(fixture, "a sequence too long for every worker fails with numbers") {
  ready(0, 4, 5);
  ready(1, 4, 10);
  const auto orders = ask(work(1, 40));
  REQUIRE(orders.failed.size() == 1);
  CHECK(orders.failed[0].epoch == 0);
  CHECK(orders.failed[0].reason.code == failure_code::context_length_exceeded);
  CHECK(orders.failed[0].reason.message ==
    "the sequence has 40 tokens and needs room for one more; the largest worker of model 'm' holds 40");
  CHECK(orders.forgotten == std::vector{sequence_key{1, 0}});
  CHECK(placed(ask(work(2, 39))) == runs{2});
  CHECK(plan.load().waiting == 0);
}

TEST_CASE_METHOD(fixture, "a sequence that only an absent worker can hold waits for it") {
  ready(0, 4, 10);
  ready(1, 4, 100);
  plan.worker_is_gone({1, true, true});
  const auto orders = ask(work(1, 200));
  CHECK(orders.failed.empty());
  CHECK(placed(ready(1, 4, 100)) == runs{1});
}

TEST_CASE_METHOD(fixture, "an empty prompt fails") {
  const auto orders = ask(work(1, 0));
  REQUIRE(orders.failed.size() == 1);
  CHECK(orders.failed[0].reason.code == failure_code::invalid_request);
  CHECK(plan.load().waiting == 0);
}

TEST_CASE_METHOD(fixture, "a sequence is queued once") {
  ask(work(1));
  CHECK_FALSE(plan.request(work(1), now));
  ready(0, 1);
  CHECK_FALSE(plan.request(work(1), now));
  CHECK(plan.load().running == 1);
}

TEST_CASE_METHOD(fixture, "a cancelled sequence that waits is gone at once") {
  ask(work(1));
  ask(work(2));
  plan.cancel({1, 0});
  const auto orders = plan.decide(now);
  CHECK(orders.removals.empty());
  CHECK(orders.forgotten == std::vector{sequence_key{1, 0}});
  CHECK(plan.load().waiting == 1);
  CHECK(placed(ready(0, 8)) == runs{2});
  plan.cancel({77, 0});
  CHECK(plan.decide(now).forgotten.empty());
}

TEST_CASE_METHOD(fixture, "a cancelled sequence that runs keeps its place until it has left") {
  ready(0, 1);
  ask(work(1));
  ask(work(2));
  plan.cancel({1, 0});
  const auto orders = plan.decide(now);
  REQUIRE(orders.removals.size() == 1);
  CHECK(orders.removals[0].worker == 0);
  CHECK(orders.removals[0].epoch == 1);
  CHECK(placed(orders).empty());
  CHECK(plan.load().running == 1);
  plan.cancel({1, 0});
  CHECK(plan.decide(now).removals.empty());
  const auto after = say_room(0, 1, 1, {left(1, 1, departure_reason::removed)});
  CHECK(placed(after) == runs{2});
  CHECK(after.lost.empty());
}

TEST_CASE_METHOD(fixture, "who gave way is lost, and takes its turn again when it asks") {
  ready(0, 2);
  now = time_point{100s};
  ask(work(1));
  now = time_point{101s};
  ask(work(2));
  now = time_point{102s};
  ask(work(3));
  const auto orders = say_room(0, 2, 0, {left(2, 2, departure_reason::evicted)}, 0);
  REQUIRE(orders.lost.size() == 1);
  CHECK(orders.lost[0].key.run == 2);
  CHECK(orders.lost[0].epoch == 2);
  CHECK(plan.load().running == 1);
  auto again = work(2, 8);
  again.waited = 2s;
  now = time_point{103s};
  ask(again);
  const auto next = say_room(0, 2, 1);
  REQUIRE(placed(next) == runs{2});
  CHECK(next.placements[0].work.epoch == 3);
}

TEST_CASE_METHOD(fixture, "a worker that is gone loses all it held") {
  ready(0, 4);
  ask(work(1));
  ask(work(2));
  ask(work(3));
  plan.cancel({2, 0});
  plan.decide(now);
  plan.worker_is_gone({0, true, true});
  const auto orders = plan.decide(now);
  REQUIRE(orders.lost.size() == 2);
  CHECK(orders.lost[0].key.run == 1);
  CHECK(orders.lost[1].key.run == 3);
  CHECK(plan.load().running == 0);
  plan.worker_is_gone({0, true, true});
  CHECK(plan.decide(now).lost.empty());
  CHECK(placed(ask(work(1))).empty());
  // Its successor has all its room and counts from one again.
  const auto after = ready(0, 1);
  REQUIRE(placed(after) == runs{1});
  CHECK(after.placements[0].work.number == 1);
  CHECK(after.placements[0].work.epoch == 4);
}

TEST_CASE_METHOD(fixture, "an old epoch's departure takes nothing from the present one") {
  ready(0, 1);
  ask(work(1));
  plan.worker_is_gone({0, true, true});
  plan.decide(now);
  ask(work(1));
  ready(0, 1);
  CHECK(plan.load().running == 1);
  CHECK(placed(ask(work(2))).empty());
  say_room(0, 1, 0, {left(1, 1)});
  CHECK(plan.load().running == 1);
}

TEST_CASE_METHOD(fixture, "random events never break the sums") {
  std::uint64_t state = 1;
  const auto draw = [&](std::uint64_t below) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state >> 33) % below;
  };
  // A model of one worker with 4 slots: what it holds, and what it has been sent.
  ready(0, 4);
  std::vector<departure> held;
  std::uint64_t seen = 0;
  std::size_t waiting = 0;
  const auto carry_out = [&](const schedule_orders& orders) {
    for (const auto& x : orders.placements) {
      held.push_back({x.work.work.key, x.work.epoch, departure_reason::finished});
      seen = x.work.number;
      --waiting;
    }
    REQUIRE(held.size() <= 4);
    REQUIRE(plan.load().running == held.size());
    REQUIRE(plan.load().waiting == waiting);
  };
  for (run_id run = 1; run < 3000; ++run) {
    now += 1ms;
    if (draw(2) == 0) {
      ++waiting;
      carry_out(ask(work(run, 1 + draw(20), static_cast<std::int32_t>(draw(3)))));
    }
    if (draw(3) == 0 && !held.empty()) {
      std::swap(held[draw(held.size())], held.back());
      const auto gone = held.back();
      held.pop_back();
      carry_out(say_room(0, seen, static_cast<std::uint32_t>(4 - held.size()), {gone}));
    }
  }
}
