#include <catch2/catch.hpp>

#include "actors/placement.hpp"

using namespace troupe;

namespace {

worker_credit worker_of(worker_id id, std::uint32_t slots, std::uint32_t blocks, std::string model = "m") {
  worker_ready ready;
  ready.worker = id;
  ready.model = std::move(model);
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
    update_credit(worker, room_of(1, 3, 8));
    CHECK(slots_left(worker) == 2);
    CHECK(blocks_left(worker) == 6);
    update_credit(worker, room_of(2, 2, 6));
    CHECK(slots_left(worker) == 2);
    CHECK(blocks_left(worker) == 6);
  }
  SECTION("and never becomes less than nothing") {
    update_credit(worker, room_of(0, 1, 1));
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

TEST_CASE("the least loaded worker of the model is chosen") {
  auto a = worker_of(0, 4, 50);
  auto b = worker_of(1, 4, 50);
  auto c = worker_of(2, 4, 50, "other");
  const std::vector<const worker_credit*> workers{&a, &b, &c};
  CHECK(choose_worker(workers, "m", 5) == 0U);
  charge(a, 5);
  CHECK(choose_worker(workers, "m", 5) == 1U);
  charge(b, 50);
  CHECK(choose_worker(workers, "m", 5) == 0U);
  CHECK(choose_worker(workers, "other", 5) == 2U);
  CHECK_FALSE(choose_worker(workers, "unknown", 5));
  CHECK_FALSE(choose_worker(workers, "m", 500));
}

TEST_CASE("a worker that says it has no blocks gets nothing") {
  auto a = worker_of(0, 4, 50);
  update_credit(a, room_of(0, 4, 0));
  CHECK_FALSE(choose_worker({&a}, "m", 1));
  update_credit(a, room_of(0, 0, 50));
  CHECK_FALSE(choose_worker({&a}, "m", 1));
}
