#include <catch2/catch.hpp>

#include <stdexcept>

#include "tests/support/supervisor_fixture.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

using fixture = supervisor_fixture;

TEST_CASE("a worker's delay doubles up to its bound, and is short again after a good life") {
  using time_point = std::chrono::steady_clock::time_point;
  worker_life life{0, {}, quick(), time_point{0s}};
  CHECK(life.ended("a", time_point{1s}) == timespan{100ms});
  life.restarted(time_point{2s});
  CHECK(life.status(time_point{3s}).state == worker_state::restarting);
  CHECK(life.status(time_point{3s}).since == 1s);
  CHECK(life.ended("b", time_point{3s}) == timespan{200ms});
  life.restarted(time_point{4s});
  // Ready for a moment only: it may still be one that fails in its first step each time.
  life.became_ready({}, time_point{5s});
  CHECK(life.ended("c", time_point{5s + 299ms}) == timespan{300ms});
  CHECK(life.ended("d", time_point{6s}) == timespan{300ms});
  life.restarted(time_point{7s});
  life.became_ready({}, time_point{8s});
  CHECK(life.ended("e", time_point{8s + 300ms}) == timespan{100ms});
  CHECK(life.status(time_point{9s}).reason == "e");
  CHECK(life.status(time_point{9s}).restarts == 3);
}

TEST_CASE_METHOD(fixture, "workers are spawned, and passed on when they are ready") {
  start(2);
  REQUIRE(log().ready.size() == 2);
  CHECK(log().ready[0].first.worker == 0);
  CHECK(log().ready[1].first.worker == 1);
  CHECK(log().measured.size() == 2);
  advance(2s);
  const auto workers = status();
  REQUIRE(workers.size() == 2);
  CHECK(workers[1].worker == 1);
  CHECK(workers[1].state == worker_state::ready);
  CHECK(workers[1].device == "cpu");
  CHECK(workers[1].dtype == "float32");
  CHECK(workers[1].model == "m");
  CHECK(workers[1].reason.empty());
  CHECK(workers[1].since >= 2s);
  CHECK(workers[1].restarts == 0);
}

TEST_CASE_METHOD(fixture, "a worker that dies is told of and started again after a delay") {
  start(2);
  kill(0);
  REQUIRE(log().gone.size() == 1);
  CHECK(log().gone[0].worker == 0);
  CHECK(log().gone[0].expected_back);
  CHECK(log().gone[0].by_its_work);
  CHECK(status()[0].state == worker_state::failed);
  CHECK_FALSE(status()[0].reason.empty());
  CHECK(status()[1].state == worker_state::ready);
  advance(50ms);
  CHECK(log().ready.size() == 2);
  advance(60ms);
  REQUIRE(log().ready.size() == 3);
  CHECK(log().ready[2].first.worker == 0);
  CHECK(log().ready[2].second != log().ready[0].second);
  CHECK(status()[0].state == worker_state::ready);
  CHECK(status()[0].restarts == 1);
  CHECK(engine->alive == 2);
  CHECK(engine->made == 3);
}

TEST_CASE_METHOD(fixture, "a worker that fails again and again is started less and less often") {
  std::size_t loads = 0;
  on_load = [&](const auto&) {
    ++loads;
    throw std::runtime_error("device is busy");
  };
  start();
  CHECK(loads == 1);
  CHECK(status()[0].reason == "device is busy");
  advance(100ms);
  CHECK(loads == 2);
  advance(150ms);
  CHECK(loads == 2);
  advance(50ms);
  CHECK(loads == 3);
  advance(250ms);
  CHECK(loads == 3);
  advance(50ms);
  CHECK(loads == 4);
  advance(300ms);
  CHECK(loads == 5);
  CHECK(status()[0].restarts == 4);
  on_load = nullptr;
  advance(300ms);
  CHECK(status()[0].state == worker_state::ready);
  CHECK(status()[0].reason.empty());
}

TEST_CASE_METHOD(fixture, "a model that cannot be loaded is not tried again, and its worker says why") {
  on_load = [](const engine::engine_options& asked) {
    if (asked.device == "device:1")
      throw engine::load_error("model.gguf: bad magic");
  };
  start(2);
  advance(10s);
  const auto workers = status();
  CHECK(workers[0].state == worker_state::ready);
  CHECK(workers[1].state == worker_state::failed);
  CHECK(workers[1].reason == "model.gguf: bad magic");
  CHECK(workers[1].device == "device:1");
  CHECK(workers[1].dtype == "auto");
  CHECK(workers[1].restarts == 0);
  REQUIRE(log().gone.size() == 1);
  CHECK(log().gone[0].worker == 1);
  CHECK_FALSE(log().gone[0].expected_back);
  // Worker 0 holds the model too.
  CHECK(log().lost_models.empty());
}

TEST_CASE_METHOD(fixture, "news of a predecessor changes nothing") {
  start();
  const auto old = log().ready.at(0);
  kill(0);
  advance(100ms);
  REQUIRE(log().ready.size() == 2);
  caf::send_as(old.second, chief, worker_failed{0, "an old voice", false});
  tell(chief, old.first, old.second);
  CHECK(status()[0].state == worker_state::ready);
  CHECK(log().ready.size() == 2);
  kill(1);
  CHECK(status()[0].reason != "an old voice");
  advance(300ms);
  CHECK(log().ready.size() == 3);
}

TEST_CASE_METHOD(fixture, "an early or unknown restart is ignored") {
  start();
  tell(chief, restart_atom_v, worker_id{0});
  tell(chief, restart_atom_v, worker_id{9});
  CHECK(engine->made == 1);
  CHECK(status()[0].restarts == 0);
}

TEST_CASE_METHOD(fixture, "workers end with their supervisor") {
  start(3);
  CHECK(engine->alive == 3);
  caf::anon_send_exit(chief, caf::exit_reason::user_shutdown);
  run();
  CHECK(engine->alive == 0);
}

TEST_CASE_METHOD(fixture, "a model that no worker can load is lost, with the reason") {
  on_load = [](const auto&) { throw engine::load_error("model.gguf: bad magic"); };
  start(2);
  REQUIRE(log().lost_models.size() == 1);
  CHECK(log().lost_models[0].model == "m");
  CHECK(log().lost_models[0].reason == "model.gguf: bad magic");
}

TEST_CASE_METHOD(fixture, "a worker that stalls is given up, and its successor takes its place") {
  start(2);
  const auto old = log().ready.at(0).second;
  tell(chief, stalled_atom_v, worker_id{0}, timespan{6s});
  REQUIRE(log().gone.size() == 1);
  CHECK(log().gone[0].expected_back);
  CHECK(log().gone[0].by_its_work);
  CHECK(status()[0].state == worker_state::failed);
  CHECK(status()[0].reason == "it had work and finished no step for 6.0 s");
  CHECK(status()[1].state == worker_state::ready);
  // In this test its thread comes back at once, and it ends without another word.
  CHECK_FALSE(alive(old));
  CHECK(log().gone.size() == 1);
  CHECK(ask<company_status>(chief, status_atom_v).abandoned == 0);
  advance(100ms);
  CHECK(status()[0].state == worker_state::ready);
  tell(chief, stalled_atom_v, worker_id{7}, timespan{6s});
  CHECK(log().gone.size() == 1);
}
