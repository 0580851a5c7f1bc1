// What operators can have a supervisor do: reload and drill.
#include <catch2/catch.hpp>

#include <stdexcept>

#include "tests/support/supervisor_fixture.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

using fixture = supervisor_fixture;
using ids = std::vector<worker_id>;

TEST_CASE_METHOD(fixture, "a reload starts what is new, drains what is not there any more, and keeps the rest") {
  start(2);
  config = {worker_on(1), worker_on(2), worker_on(1)};
  const auto result = reload();
  CHECK(result.done);
  CHECK(result.kept == 1);
  CHECK(result.started == ids{2, 3});
  CHECK(result.draining == ids{0});
  CHECK(log().draining == ids{0});
  CHECK(status()[0].state == worker_state::draining);
  CHECK(engine->made == 4);
  CHECK(log().ready.size() == 4);

  tell(chief, drained_atom_v, worker_id{0});
  REQUIRE(log().gone.size() == 1);
  CHECK(log().gone[0].worker == 0);
  CHECK_FALSE(log().gone[0].expected_back);
  const auto after = status();
  REQUIRE(after.size() == 3);
  CHECK(after[0].worker == 1);
  CHECK(engine->alive == 3);
  // Nothing has changed since.
  CHECK(reload().kept == 3);
  CHECK(engine->made == 4);
}

TEST_CASE_METHOD(fixture, "a worker that dies while it drains does not come back") {
  start(2);
  config = {worker_on(1)};
  reload();
  kill(0);
  REQUIRE(log().gone.size() == 1);
  CHECK_FALSE(log().gone[0].expected_back);
  advance(10s);
  CHECK(engine->made == 2);
  CHECK(status().size() == 1);
}

TEST_CASE_METHOD(fixture, "a failed worker that is taken out is gone at once") {
  on_load = [](const engine::engine_options& asked) {
    if (asked.device == "device:0")
      throw std::runtime_error("busy");
  };
  start(2);
  config = {worker_on(1)};
  CHECK(reload().draining == ids{0});
  CHECK(status().size() == 1);
  advance(10s);
  CHECK(engine->made == 1);
}

TEST_CASE_METHOD(fixture, "a config that does not hold is refused, and the workers stay") {
  start(2);
  config_holds = false;
  const auto result = reload();
  CHECK_FALSE(result.done);
  CHECK(result.reason == "a.toml:3: worker.threads must be a whole number, got \"two\"");
  CHECK(status().size() == 2);
  CHECK(log().draining.empty());
}

TEST_CASE_METHOD(fixture, "a drill has one worker fail, and blames no sequence for it") {
  start(2);
  CHECK(ask<order_result>(chief, drill_atom_v, worker_id{1}, drill_kind::die).done);
  REQUIRE(log().gone.size() == 1);
  CHECK(log().gone[0].worker == 1);
  CHECK(log().gone[0].expected_back);
  CHECK_FALSE(log().gone[0].by_its_work);
  CHECK(status()[1].reason == "a drill");
  CHECK_FALSE(ask<order_result>(chief, drill_atom_v, worker_id{1}, drill_kind::die).done);
  advance(100ms);
  CHECK(status()[1].state == worker_state::ready);
  kill(2);
  CHECK(log().gone.back().by_its_work);
  CHECK(ask<order_result>(chief, drill_atom_v, worker_id{0}, drill_kind::hang).done);
  CHECK(hangs == 1);
  CHECK_FALSE(ask<order_result>(chief, drill_atom_v, worker_id{9}, drill_kind::die).done);
}
