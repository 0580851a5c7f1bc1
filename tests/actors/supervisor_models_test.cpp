// Models that come into memory and leave it.
#include <catch2/catch.hpp>

#include <map>
#include <stdexcept>

#include "tests/support/supervisor_fixture.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

struct fixture : supervisor_fixture {
  memory_options memory;
  std::vector<worker_options> workers;
  std::map<std::string, model_load> loads;

  /// A model with one worker of so many bytes, the next id its worker's.
  residence& model(const std::string& name, std::uint64_t bytes) {
    auto worker = worker_on(workers.size());
    worker.model = name;
    worker.kv_bytes = bytes;
    workers.push_back(worker);
    memory.models.push_back({name});
    return memory.models.back();
  }
  residence& on_demand(const std::string& name, std::uint64_t bytes) {
    auto& out = model(name, bytes);
    out.on_demand = true;
    return out;
  }

  void open() {
    auto rules = quick();
    rules.memory = memory;
    start_with(workers, rules);
  }

  /// What the scheduler says from now on of a model.
  void say(const std::string& name, std::uint32_t waiting, std::uint32_t running) {
    loads[name] = {name, waiting, running};
    scheduler_load all;
    for (const auto& [key, load] : loads)
      if (load.waiting + load.running > 0)
        all.models.push_back(load);
    tell(chief, all);
    run();
  }
  /// A model's work has come and gone.
  void use(const std::string& name) {
    say(name, 1, 0);
    say(name, 0, 0);
  }
  /// The scheduler says that the worker is empty.
  void drained(worker_id id) {
    tell(chief, drained_atom_v, id);
    run();
  }
  worker_state state(worker_id id) { return status().at(id).state; }
};

} // namespace

TEST_CASE_METHOD(fixture, "a model on demand is loaded when somebody waits for it, and not before") {
  model("first", 1);
  on_demand("second", 1);
  open();
  CHECK(state(0) == worker_state::ready);
  CHECK(state(1) == worker_state::unloaded);
  CHECK(log().ready.size() == 1);
  say("first", 1, 1);
  CHECK(state(1) == worker_state::unloaded);
  say("second", 1, 0);
  CHECK(state(1) == worker_state::ready);
  CHECK(log().ready.back().first.model == "second");
}

TEST_CASE_METHOD(fixture, "an idle model leaves after its time, drained first, and comes back when it is asked for") {
  model("first", 1).idle = 10s;
  open();
  use("first");
  advance(9s);
  CHECK(state(0) == worker_state::ready);
  use("first");
  advance(9s);
  CHECK(state(0) == worker_state::ready);
  advance(2s);
  CHECK(log().draining == std::vector<worker_id>{0});
  CHECK(state(0) == worker_state::draining);
  drained(0);
  CHECK(state(0) == worker_state::unloaded);
  REQUIRE(log().gone.size() == 1);
  CHECK_FALSE(log().gone[0].expected_back);
  CHECK(log().lost_models.empty());
  say("first", 1, 0);
  CHECK(state(0) == worker_state::ready);
  CHECK(status().at(0).restarts == 0);
}

TEST_CASE_METHOD(fixture, "a model with work does not leave, however long its work takes") {
  model("first", 1).idle = 10s;
  open();
  say("first", 0, 1);
  advance(60s, 1s);
  CHECK(state(0) == worker_state::ready);
  say("first", 0, 0);
  advance(11s, 1s);
  CHECK(state(0) == worker_state::draining);
}

TEST_CASE_METHOD(fixture, "the least recently used model gives way to one that is waited for, once it is empty") {
  memory.budget = 10;
  model("a", 4);
  model("b", 4);
  on_demand("c", 5);
  open();
  advance(1s);
  use("b");
  advance(1s);
  use("a");
  say("c", 1, 0);
  CHECK(state(0) == worker_state::ready);
  CHECK(state(1) == worker_state::draining);
  CHECK(state(2) == worker_state::unloaded);
  drained(1);
  CHECK(state(1) == worker_state::unloaded);
  CHECK(state(2) == worker_state::ready);
}

TEST_CASE_METHOD(fixture, "a pinned model stays, and what does not fit beside it is told what holds the memory") {
  memory.budget = 10;
  model("keeper", 6).pinned = true;
  on_demand("large", 5);
  open();
  say("large", 1, 0);
  REQUIRE(log().lost_models.size() == 1);
  CHECK(log().lost_models[0].model == "large");
  CHECK_THAT(log().lost_models[0].reason, Contains("needs 5 bytes") && Contains("'keeper' 6 bytes"));
  CHECK(log().lost_models[0].retry_after == 0s);
  // The next to ask is looked at anew.
  CHECK(log().hopes == std::vector<std::string>{"large"});
  CHECK(state(0) == worker_state::ready);
  CHECK(state(1) == worker_state::unloaded);
}

TEST_CASE_METHOD(fixture, "a load that fails ends what waits, and is tried again when somebody asks after a while") {
  on_demand("m", 1);
  on_load = [](const engine::engine_options&) { throw engine::load_error("the file is cut"); };
  open();
  say("m", 1, 0);
  REQUIRE(log().lost_models.size() == 1);
  CHECK_THAT(log().lost_models[0].reason, Contains("could not be loaded: the file is cut"));
  CHECK(log().lost_models[0].retry_after == 100ms);
  CHECK(state(0) == worker_state::unloaded);
  CHECK(status().at(0).reason == "the file is cut");
  say("m", 0, 0);
  CHECK(log().hopes.empty());
  advance(110ms);
  CHECK(log().hopes == std::vector<std::string>{"m"});
  // Nobody asks, so nobody loads.
  advance(10s, 1s);
  CHECK(log().lost_models.size() == 1);
  say("m", 1, 0);
  REQUIRE(log().lost_models.size() == 2);
  CHECK(log().lost_models[1].retry_after == 200ms);
  say("m", 0, 0);
  on_load = nullptr;
  advance(210ms);
  say("m", 1, 0);
  CHECK(state(0) == worker_state::ready);
}

TEST_CASE_METHOD(fixture, "a worker on demand that dies comes back while its model is there") {
  on_demand("m", 1);
  open();
  say("m", 1, 0);
  kill(0);
  CHECK(state(0) == worker_state::failed);
  CHECK(log().gone.back().expected_back);
  CHECK(log().lost_models.empty());
  advance(110ms);
  CHECK(state(0) == worker_state::ready);
}

TEST_CASE_METHOD(fixture, "all workers of a model come and go together") {
  memory.budget = 10;
  on_demand("pair", 3);
  workers.push_back(workers.back());
  on_demand("other", 6);
  open();
  say("pair", 1, 0);
  CHECK(state(0) == worker_state::ready);
  CHECK(state(1) == worker_state::ready);
  say("pair", 0, 0);
  say("other", 1, 0);
  CHECK(state(0) == worker_state::draining);
  CHECK(state(1) == worker_state::draining);
  drained(0);
  CHECK(state(2) == worker_state::unloaded);
  drained(1);
  CHECK(state(2) == worker_state::ready);
}

TEST_CASE_METHOD(fixture, "a reload leaves unloaded workers unloaded, and removes those that it does not name") {
  on_demand("m", 1);
  open();
  auto more = workers;
  more.push_back(workers.back());
  more.back().step_tokens = 7;
  config = more;
  CHECK(reload().started == std::vector<worker_id>{1});
  CHECK(state(1) == worker_state::unloaded);
  config = {more.back()};
  CHECK(reload().draining == std::vector<worker_id>{0});
  CHECK(status().size() == 1);
  CHECK(log().lost_models.empty());
  say("m", 1, 0);
  CHECK(status().at(0).state == worker_state::ready);
}

TEST_CASE_METHOD(fixture, "a model that a reload takes out stays lost until another one brings it back") {
  on_demand("m", 1);
  on_load = [](const engine::engine_options&) { throw engine::load_error("the file is cut"); };
  open();
  say("m", 1, 0);
  say("m", 0, 0);
  const auto before = log().hopes.size();
  config = {};
  reload();
  REQUIRE(log().lost_models.size() == 2);
  CHECK_THAT(log().lost_models[1].reason, Contains("not in the config any more"));
  // The time after which the failed load would have been tried again.
  advance(1s);
  CHECK(log().hopes.size() == before);
  on_load = nullptr;
  config = workers;
  reload();
  CHECK(log().hopes.size() == before + 1);
  say("m", 1, 0);
  CHECK(status().at(0).state == worker_state::ready);
}

TEST_CASE_METHOD(fixture, "a drill finds nobody in a model that is not loaded") {
  on_demand("m", 1);
  open();
  CHECK(ask<order_result>(chief, drill_atom_v, worker_id{0}, drill_kind::die).refusal == order_refusal::not_ready);
}
