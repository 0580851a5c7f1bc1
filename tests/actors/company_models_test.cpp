// The whole company with two models that do not fit beside each other.
#include <catch2/catch.hpp>

#include "actors/scheduler.hpp"
#include "tests/support/company_fixture.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

void make_room_for_one(company_options& options) {
  auto& tiny = options.workers.at(0);
  tiny.kv_bytes = 1;
  auto mini = tiny;
  mini.model = "mini";
  options.workers = {tiny, mini};
  options.supervisor.memory.budget = 1;
  options.supervisor.memory.models = {{"tiny"}, {"mini", true}};
}

struct fixture : company_fixture {
  fixture() : company_fixture{0, {}, make_room_for_one} {}

  native_request ask_mini(const std::string& prompt) {
    auto out = ask_for(prompt);
    out.model = "mini";
    return out;
  }
  worker_state state(worker_id id) {
    return ask<company_status>(actors.supervisor, status_atom_v).workers.at(id).state;
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "a request waits until the other model has ended its work and its own has loaded") {
  submit(1, ask_for("running", 60));
  run_some(40);
  REQUIRE_FALSE(sink(1).ended());
  submit(2, ask_mini("hello"));
  // Comes while its model leaves, and is served when the other one leaves in turn.
  submit(3, ask_for("again", 5));
  run();
  CHECK(sink(1).text() == lone_answer(ask_for("running", 60)));
  CHECK(sink(2).text() == lone_answer(ask_mini("hello")));
  CHECK(sink(3).text() == lone_answer(ask_for("again", 5)));
  check_rest(3);
}

TEST_CASE_METHOD(fixture, "a deadline and a hang-up end a request that waits for its model, which is not loaded then") {
  submit(1, ask_for("running", 60));
  run_some(40);
  REQUIRE_FALSE(sink(1).ended());
  using scheduling = caf::stateful_actor<scheduler_state, scheduler_actor::base>;
  const auto& worker =
    dynamic_cast<scheduling&>(*caf::actor_cast<caf::abstract_actor*>(actors.scheduler)).state.workers.at(0);
  hold(caf::actor_cast<caf::strong_actor_ptr>(worker), now() + 3s);
  auto late = ask_mini("late");
  late.timeout = 1s;
  submit(2, late);
  submit(3, ask_mini("gone"));
  run();
  CHECK(numbers().requests_waiting == 2);
  detach(3);
  advance(1300ms);
  REQUIRE(sink(2).failed);
  CHECK(sink(2).failed->reason.code == failure_code::deadline_exceeded);
  CHECK(numbers().requests_waiting == 0);
  REQUIRE_FALSE(sink(1).ended());
  advance(3s);
  CHECK(sink(1).text() == lone_answer(ask_for("running", 60)));
  CHECK_FALSE(sink(3).ended());
  CHECK(state(1) == worker_state::unloaded);
  check_rest(3);
}
