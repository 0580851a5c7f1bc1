#include <catch2/catch.hpp>

#include "actors/placement.hpp"

using namespace troupe;
using namespace std::chrono_literals;

namespace {

using time_point = std::chrono::steady_clock::time_point;

worker_credit worker_of(worker_id id, std::uint32_t slots, std::uint32_t blocks) {
  worker_ready ready;
  ready.worker = id;
  ready.model = "m";
  ready.slots = slots;
  ready.blocks = blocks;
  ready.block_size = 4;
  ready.context = 1000;
  return fresh_credit(ready);
}

room room_of(std::uint64_t seen, std::uint32_t slots, std::uint32_t blocks) {
  room free;
  free.last_admit_seen = seen;
  free.free_slots = slots;
  free.free_blocks = blocks;
  return free;
}

} // namespace

TEST_CASE("blocks are counted up") {
  CHECK(blocks_for(0, 4) == 0);
  CHECK(blocks_for(1, 4) == 1);
  CHECK(blocks_for(4, 4) == 1);
  CHECK(blocks_for(5, 4) == 2);
}

TEST_CASE("what is on its way is taken off what a worker said is free") {
  auto worker = worker_of(0, 4, 10);
  CHECK(charge(worker, 7) == 1);
  CHECK(charge(worker, 4) == 2);
  CHECK(slots_left(worker) == 2);
  CHECK(blocks_left(worker) == 10 - 2 - 2);

  SECTION("until the worker has seen it") {
    update_credit(worker, room_of(1, 3, 8), time_point{});
    CHECK(slots_left(worker) == 2);
    CHECK(blocks_left(worker) == 6);
    update_credit(worker, room_of(2, 2, 6), time_point{});
    CHECK(slots_left(worker) == 2);
    CHECK(blocks_left(worker) == 6);
  }
  SECTION("and never becomes less than nothing") {
    update_credit(worker, room_of(0, 1, 1), time_point{});
    CHECK(slots_left(worker) == 0);
    CHECK(blocks_left(worker) == 0);
  }
}

TEST_CASE("a worker takes what has a slot, blocks for one token more, and leaves those who run a block each") {
  auto worker = worker_of(0, 2, 5);
  CHECK(can_take(worker, 19));
  CHECK_FALSE(can_take(worker, 20));
  charge(worker, 3);
  CHECK(blocks_left(worker) == 4);
  CHECK(can_take(worker, 11));
  CHECK_FALSE(can_take(worker, 12));
  charge(worker, 3);
  CHECK_FALSE(can_take(worker, 1));
}

TEST_CASE("a worker that is gone takes nothing but could hold what it held") {
  auto worker = worker_of(0, 2, 5);
  worker.present = false;
  CHECK_FALSE(can_take(worker, 1));
  CHECK(could_hold(worker, 19));
  CHECK_FALSE(could_hold(worker, 20));
  worker.size.context = 10;
  CHECK(could_hold(worker, 9));
  CHECK_FALSE(could_hold(worker, 10));
}

TEST_CASE("of workers that hold as much of a sequence, the least loaded is chosen") {
  auto a = worker_of(0, 4, 50);
  auto b = worker_of(1, 4, 50);
  const std::vector<candidate> workers{{&a, 0}, {&b, 0}};
  CHECK(choose_worker(workers, 5, false) == 0U);
  charge(a, 5);
  CHECK(choose_worker(workers, 5, false) == 1U);
  charge(b, 50);
  CHECK(choose_worker(workers, 5, false) == 0U);
  CHECK_FALSE(choose_worker(workers, 500, false));
}

TEST_CASE("the worker that holds the longest beginning of a sequence is chosen, when it is half of it") {
  auto a = worker_of(0, 4, 50);
  auto b = worker_of(1, 2, 50);
  auto c = worker_of(2, 4, 50);
  charge(b, 5);
  CHECK(choose_worker({{&a, 0}, {&b, 20}, {&c, 12}}, 24, false) == 1U);
  // Less than half is not worth leaving the least loaded one for.
  CHECK(choose_worker({{&a, 0}, {&b, 8}, {&c, 0}}, 24, false) == 0U);
  charge(b, 5);
  CHECK(choose_worker({{&a, 0}, {&b, 20}, {&c, 12}}, 24, false) == 2U);
}

TEST_CASE("a worker that is to be removed gets nothing, and one has one sequence on trial at a time") {
  auto a = worker_of(0, 4, 50);
  auto b = worker_of(1, 4, 50);
  a.draining = true;
  CHECK(choose_worker({{&a, 0}, {&b, 0}}, 5, false) == 1U);
  b.on_trial = 1;
  CHECK(choose_worker({{&a, 0}, {&b, 0}}, 5, false) == 1U);
  CHECK_FALSE(choose_worker({{&a, 0}, {&b, 0}}, 5, true));
}

TEST_CASE("a worker may be silent for ten times its longest step, and at least for a while") {
  auto a = worker_of(0, 4, 50);
  CHECK(stall_limit(a, 5s, 10) == 5s);
  auto done = room_of(0, 4, 50);
  done.step_time = 700ms;
  update_credit(a, done, time_point{3s});
  CHECK(a.last_progress == time_point{3s});
  done.step_time = 2s;
  update_credit(a, done, time_point{5s});
  done.step_time = 1s;
  update_credit(a, done, time_point{6s});
  CHECK(stall_limit(a, 5s, 10) == 20s);
  // What is no step is no progress.
  update_credit(a, room_of(0, 4, 50), time_point{9s});
  CHECK(a.last_progress == time_point{6s});
}

TEST_CASE("a worker that says it has no blocks gets nothing") {
  auto a = worker_of(0, 4, 50);
  update_credit(a, room_of(0, 4, 0), time_point{});
  CHECK_FALSE(choose_worker({{&a, 0}}, 1, false));
  update_credit(a, room_of(0, 0, 50), time_point{});
  CHECK_FALSE(choose_worker({{&a, 0}}, 1, false));
}
