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
  options.drills = true;
  return options;
}

struct fixture : deterministic_system {
  sequence_probes peers{*this};
  std::shared_ptr<fake_engine_log> engine = std::make_shared<fake_engine_log>();
  /// What the next loads do; they succeed when it is empty.
  std::function<void(const engine::engine_options&)> on_load;
  /// What a reload finds.
  std::vector<worker_options> config;
  bool config_holds = true;
  std::size_t hangs = 0;
  supervisor_actor chief;

  static worker_options worker_on(std::size_t device) {
    worker_options out;
    out.model = "m";
    out.engine.device = "device:" + std::to_string(device);
    return out;
  }

  void start(std::size_t workers = 1) {
    std::vector<worker_options> options;
    for (std::size_t i = 0; i < workers; ++i)
      options.push_back(worker_on(i));
    config = options;
    world outside;
    outside.detached = false;
    outside.load_engine = [this](const engine::engine_options& asked) {
      if (on_load)
        on_load(asked);
      return fake_loader({}, engine)(asked);
    };
    outside.read_workers = [this] {
      if (!config_holds)
        throw std::runtime_error("a.toml:3: worker.threads must be a whole number, got \"two\"");
      return config;
    };
    outside.hang = [this] { ++hangs; };
    chief = spawn(supervisor, quick(), options, peers.scheduler, peers.fan_out, peers.metrics, test_hasher(), outside);
    run();
  }

  sequence_log& log() { return *peers.log; }
  std::vector<worker_status> status() { return ask<company_status>(chief, status_atom_v).workers; }

  void kill(std::size_t start) {
    caf::anon_send_exit(log().ready.at(start).second, caf::exit_reason::kill);
    run();
  }

  reload_result reload() { return ask<reload_result>(chief, reload_atom_v); }
};

using ids = std::vector<worker_id>;

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
