#include <catch2/catch.hpp>

#include "actors/fan_out.hpp"
#include "actors/scheduler.hpp"
#include "tests/support/sequence_probes.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

struct fixture : deterministic_system {
  sequence_probes peers{*this};
  scheduler_actor s = spawn(scheduler, scheduler_options{}, test_hasher(), peers.metrics);

  explicit fixture(std::uint64_t seed = 0) : deterministic_system{seed} {}

  sequence_log& log() { return *peers.log; }

  std::shared_ptr<sequence_view> ask_place(
    run_id run, std::vector<token_id> prompt, std::uint32_t max_tokens, std::int32_t priority = 0) {
    auto view = std::make_shared<sequence_view>();
    view->work = ask_for(run, std::move(prompt), max_tokens);
    view->work.model = "m";
    view->work.priority = priority;
    auto client = spawn(sequence_client, view, s);
    clients.push_back(client);
    if (router)
      self->send(router, register_atom_v, run, client);
    self->send(s, view->work, client);
    return view;
  }

  worker_actor add_worker(worker_id id, std::uint32_t slots) {
    const auto handle = spawn(idle_worker, peers.log);
    worker_ready ready;
    ready.worker = id;
    ready.model = "m";
    ready.slots = slots;
    ready.blocks = 100;
    ready.block_size = 4;
    ready.context = 400;
    tell(s, ready, handle, peers.supervisor);
    return handle;
  }

  /// Lets a worker say what room it has.
  void say(const worker_actor& from, const room& free) {
    caf::send_as(from, s, free);
    run();
  }

  fan_out_actor router;
  std::vector<generation_actor> clients;
};

room room_of(worker_id id, std::uint64_t seen, std::uint32_t slots, std::vector<departure> left = {}) {
  return {id, seen, slots, 100, timespan{1ms}, {}, std::move(left)};
}

} // namespace

TEST_CASE_METHOD(fixture, "a generation hears of its place, and its worker gets the work") {
  const auto one = ask_place(1, prompt_of(5), 3);
  run();
  CHECK(one->placements.empty());
  add_worker(7, 2);
  REQUIRE(one->placements.size() == 1);
  CHECK(one->placements[0].worker == 7);
  REQUIRE(log().assignments.size() == 1);
  CHECK(log().assignments[0].epoch == one->placements[0].epoch);
  CHECK(log().assignments[0].work.tokens == prompt_of(5));
}

TEST_CASE_METHOD(fixture, "the metrics hear of each change of load, once") {
  add_worker(0, 1);
  CHECK(log().loads.empty());
  ask_place(1, prompt_of(5), 3);
  ask_place(2, prompt_of(5), 3);
  run();
  REQUIRE(log().loads.size() == 2);
  CHECK(log().loads[0].running == 1);
  CHECK(log().loads[0].waiting == 0);
  CHECK(log().loads[1].running == 1);
  CHECK(log().loads[1].waiting == 1);
  tell(s, cancel_atom_v, sequence_key{9, 0});
  CHECK(log().loads.size() == 2);
}

TEST_CASE_METHOD(fixture, "a cancelled sequence is removed from its worker") {
  const auto worker = add_worker(0, 1);
  ask_place(1, prompt_of(5), 3);
  ask_place(2, prompt_of(5), 3);
  run();
  tell(s, cancel_atom_v, sequence_key{1, 0});
  REQUIRE(log().removals.size() == 1);
  CHECK(log().removals[0] == std::pair{sequence_key{1, 0}, epoch_id{1}});
  CHECK(log().assignments.size() == 1);
  say(worker, room_of(0, 1, 1, {{{1, 0}, 1, departure_reason::removed}}));
  REQUIRE(log().assignments.size() == 2);
  CHECK(log().assignments[1].work.key.run == 2);
}

TEST_CASE_METHOD(fixture, "a cancelled sequence that waits is never placed") {
  ask_place(1, prompt_of(5), 3);
  run();
  tell(s, cancel_atom_v, sequence_key{1, 0});
  add_worker(0, 1);
  CHECK(log().assignments.empty());
  CHECK(log().removals.empty());
}

TEST_CASE_METHOD(fixture, "a sequence that no worker can ever take fails") {
  add_worker(0, 1);
  const auto one = ask_place(1, prompt_of(400), 3);
  run();
  REQUIRE(one->failed);
  CHECK(one->failed->code == failure_code::context_length_exceeded);
}

TEST_CASE_METHOD(fixture, "a sequence that is queued twice fails the second time only") {
  const auto one = ask_place(1, prompt_of(5), 3);
  const auto twin = ask_place(1, prompt_of(5), 3);
  run();
  CHECK_FALSE(one->failed);
  REQUIRE(twin->failed);
  CHECK(twin->failed->message == "choice 0 of run 1 was queued while it waits or runs already");
}

TEST_CASE_METHOD(fixture, "what a worker held is placed anew when it is gone") {
  add_worker(0, 4);
  const auto one = ask_place(1, prompt_of(5), 3);
  run();
  add_worker(1, 4);
  tell(s, worker_gone{0, true, true});
  CHECK(one->lost == 1);
  REQUIRE(one->placements.size() == 2);
  CHECK(one->placements[1].worker == 1);
  CHECK(one->placements[1].epoch > one->placements[0].epoch);
}

TEST_CASE_METHOD(fixture, "a worker that is gone and back does not speak with its old voice") {
  const auto old = add_worker(0, 1);
  ask_place(1, prompt_of(5), 3);
  run();
  tell(s, worker_gone{0, true, true});
  add_worker(0, 1);
  CHECK(log().assignments.size() == 2);
  ask_place(2, prompt_of(5), 3);
  run();
  CHECK(log().assignments.size() == 2);
  say(old, room_of(0, 5, 50));
  CHECK(log().assignments.size() == 2);
}

TEST_CASE("answers are exact under eviction, in every interleaving") {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    fixture world{seed};
    fake_engine_options model;
    model.kv_blocks = 14;
    model.context = 50;
    worker_options options;
    options.model = "m";
    options.step_tokens = 9;
    world.router = world.spawn(fan_out);
    // The supervisor's part: it passes the worker on to the scheduler.
    const auto w = world.spawn(worker, worker_id{0}, options,
      worker_peers{world.s, world.router, world.peers.metrics, world.peers.supervisor},
      worker_tools{fake_loader(model), test_hasher(), {}});
    world.run();
    world.tell(world.s, world.log().loaded.at(0).first, w, world.peers.supervisor);
    std::vector<std::shared_ptr<sequence_view>> views;
    for (run_id run = 1; run <= 9; ++run)
      views.push_back(world.ask_place(
        run, prompt_of(3 + run, static_cast<token_id>(10 * run)), 25, static_cast<std::int32_t>(run % 3)));
    world.run();
    std::size_t lost = 0;
    for (run_id run = 1; run <= 9; ++run) {
      const auto& view = *views[run - 1];
      INFO("seed " << seed << ", run " << run);
      CHECK(view.breaches.empty());
      CHECK_FALSE(view.failed);
      CHECK(view.finish == finish_reason::length);
      CHECK(view.answer == expected_answer(model, prompt_of(3 + run, static_cast<token_id>(10 * run)), 25));
      lost += view.lost;
    }
    CHECK(lost > 0);
    CHECK(world.log().loads.back().running == 0);
    CHECK(world.log().loads.back().waiting == 0);
    CHECK(world.log().steps.back().blocks_used == 0);
  }
}

TEST_CASE_METHOD(fixture, "the supervisor hears what waits of each model, also of those who came before it") {
  ask_place(1, prompt_of(5), 3);
  run();
  CHECK(log().supervised.empty());
  tell(s, register_atom_v, peers.supervisor);
  REQUIRE(log().supervised.size() == 1);
  CHECK(log().supervised[0].models == std::vector<model_load>{{"m", 1, 0}});
  ask_place(2, prompt_of(5), 3);
  run();
  REQUIRE(log().supervised.size() == 2);
  CHECK(log().supervised[1].models == std::vector<model_load>{{"m", 2, 0}});
}

TEST_CASE_METHOD(fixture, "who asks for a lost model hears when to come again, until it may be asked for again") {
  tell(s, model_lost{"m", "the file is cut", 3s});
  const auto early = ask_place(1, prompt_of(5), 3);
  run();
  REQUIRE(early->failed);
  CHECK(early->failed->code == failure_code::no_worker);
  CHECK(early->failed->retry_after == 3s);
  tell(s, restart_atom_v, std::string{"m"});
  const auto later = ask_place(2, prompt_of(5), 3);
  run();
  CHECK_FALSE(later->failed);
  add_worker(7, 2);
  CHECK(later->placements.size() == 1);
}
