#include <catch2/catch.hpp>

#include <stdexcept>

#include "actors/supervisor.hpp"
#include "tests/support/sequence_probes.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

supervisor_options quick() {
  supervisor_options options;
  options.restart_delay = 100ms;
  options.max_restart_delay = 300ms;
  return options;
}

struct fixture : deterministic_system {
  sequence_probes peers{*this};
  std::shared_ptr<fake_engine_log> engine = std::make_shared<fake_engine_log>();
  /// What the next loads do; they succeed when it is empty.
  std::function<void(const engine::engine_options&)> on_load;
  supervisor_actor chief;

  void start(std::size_t workers = 1) {
    std::vector<worker_options> options(workers);
    for (std::size_t i = 0; i < workers; ++i) {
      options[i].model = "m";
      options[i].engine.device = "device:" + std::to_string(i);
    }
    world outside;
    outside.detached = false;
    outside.load_engine = [this](const engine::engine_options& asked) {
      if (on_load)
        on_load(asked);
      return fake_loader({}, engine)(asked);
    };
    chief = spawn(supervisor, quick(), options, peers.scheduler, peers.fan_out, peers.metrics,
      test_hasher(), outside);
    run();
  }

  sequence_log& log() { return *peers.log; }
  std::vector<worker_status> status() { return ask<company_status>(chief, status_atom_v).workers; }

  void kill(std::size_t start) {
    caf::anon_send_exit(log().ready.at(start).second, caf::exit_reason::kill);
    run();
  }
};

} // namespace

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
