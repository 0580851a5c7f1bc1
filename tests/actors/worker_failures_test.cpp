// What a worker does when its engine, its model or one of its sequences fails.
#include <catch2/catch.hpp>

#include <memory>
#include <new>

#include "tests/support/worker_fixture.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

using fixture = worker_fixture;

TEST_CASE_METHOD(fixture, "a row that throws fails alone") {
  model.poison = 99;
  start();
  assign(ask_for(1, prompt_of(6), 8));
  assign(ask_for(2, {50, 99, 51}, 8));
  assign(ask_for(3, prompt_of(5, 70), 8));
  run();
  REQUIRE(log().failures(2).size() == 1);
  CHECK(log().failures(2)[0].code == failure_code::internal_error);
  CHECK(log().failures(2)[0].message == "fake_engine: token 99 is poison");
  CHECK(log().departures(2) == reasons{departure_reason::failed});
  CHECK(log().tokens(1) == expected(6, 8));
  CHECK(log().tokens(3) == expected(5, 8, 70));
  CHECK(last_room().free_blocks == 64);
  CHECK(log().failed.empty());
}

TEST_CASE_METHOD(fixture, "a row that throws while it is alone fails without ending the worker") {
  model.poison = 99;
  start();
  assign(ask_for(1, {99}, 8));
  run();
  CHECK(log().failures(1).size() == 1);
  CHECK(log().failed.empty());
  assign(ask_for(2, prompt_of(6), 8));
  run();
  CHECK(log().tokens(2) == expected(6, 8));
}

TEST_CASE_METHOD(fixture, "a step that throws for a moment harms nobody, not even a row that is alone") {
  model.before_step = [](std::size_t step, const engine::batch&) {
    if (step == 3)
      throw std::runtime_error("out of memory");
  };
  start();
  assign(ask_for(1, prompt_of(6), 8));
  run();
  CHECK(log().tokens(1) == expected(6, 8));
  CHECK(log().failures(1).empty());
}

TEST_CASE_METHOD(fixture, "an engine that throws for every row ends the worker") {
  model.before_step = [](std::size_t step, const engine::batch&) {
    if (step >= 3)
      throw std::runtime_error("device lost");
  };
  start();
  assign(ask_for(1, prompt_of(6), 8));
  assign(ask_for(2, prompt_of(6, 50), 8));
  run();
  REQUIRE(log().failed.size() == 1);
  CHECK(log().failed[0].worker == 3);
  CHECK(log().failed[0].reason == "device lost");
  CHECK(log().failed[0].retry);
  CHECK_FALSE(alive(w));
  CHECK(engine->alive == 0);
  // They are not at fault: they will be placed anew.
  CHECK(log().failures(1).empty());
}

TEST_CASE_METHOD(fixture, "an engine that fails one sequence after the other ends the worker") {
  model.before_step = [](std::size_t, const engine::batch&) { throw std::runtime_error("device lost"); };
  start();
  for (run_id run = 1; run <= 3; ++run) {
    CHECK(alive(w));
    assign(ask_for(run, prompt_of(6), 8));
    deterministic_system::run();
    CHECK(log().failures(run).size() == 1);
  }
  CHECK_FALSE(alive(w));
  CHECK(log().failed.size() == 1);
}

TEST_CASE_METHOD(fixture, "an engine that breaks its contract ends the worker") {
  struct silent final : engine::engine {
    troupe::engine::model_info known;
    const troupe::engine::model_info& info() const override { return known; }
    std::size_t max_in_flight() const override { return 1; }
    troupe::engine::ticket submit(const troupe::engine::batch&) override { return 1; }
    troupe::engine::step_output collect(troupe::engine::ticket) override { return {{{}}}; }
  };
  start([](const engine::engine_options&) {
    auto made = std::make_unique<silent>();
    made->known.context = made->known.max_step_tokens = made->known.kv_blocks = made->known.block_size = 64;
    made->known.max_sequences = 2;
    return made;
  });
  assign(ask_for(1, prompt_of(6), 8));
  run();
  REQUIRE(log().failed.size() == 1);
  CHECK(log().failed[0].reason == "the engine drew no token for row 0");
  CHECK_FALSE(alive(w));
}

TEST_CASE_METHOD(fixture, "a sequence that can never run here is failed at once with numbers") {
  model.kv_blocks = 5;
  start();
  assign(ask_for(1, prompt_of(20), 8));
  assign(ask_for(2, {}, 8));
  run();
  REQUIRE(log().failures(1).size() == 1);
  CHECK(log().failures(1)[0].code == failure_code::context_length_exceeded);
  CHECK(log().failures(1)[0].message == "a sequence must have less than 20 tokens to go on, got 20");
  REQUIRE(log().failures(2).size() == 1);
  CHECK(log().failures(2)[0].code == failure_code::invalid_request);
  CHECK(log().departures(1) == reasons{departure_reason::failed});
  CHECK(log().departures(2) == reasons{departure_reason::failed});
  CHECK(last_room().last_admit_seen == 2);
}

TEST_CASE_METHOD(fixture, "a model that cannot be loaded is not tried again") {
  start([](const engine::engine_options&) {
    throw engine::load_error("model.gguf: no such file");
    return std::unique_ptr<engine::engine>{};
  });
  REQUIRE(log().failed.size() == 1);
  CHECK(log().failed[0].reason == "model.gguf: no such file");
  CHECK_FALSE(log().failed[0].retry);
  CHECK_FALSE(alive(w));
}

TEST_CASE_METHOD(fixture, "a device that fails while it loads is tried again") {
  start([](const engine::engine_options&) {
    throw std::bad_alloc{};
    return std::unique_ptr<engine::engine>{};
  });
  REQUIRE(log().failed.size() == 1);
  CHECK(log().failed[0].retry);
  CHECK_FALSE(alive(w));
}

TEST_CASE_METHOD(fixture, "a worker ends with its supervisor") {
  start();
  caf::anon_send_exit(peers.supervisor, caf::exit_reason::user_shutdown);
  run();
  CHECK_FALSE(alive(w));
  CHECK(engine->alive == 0);
}

TEST_CASE_METHOD(fixture, "a drill's throw harms no sequence, its death ends the worker, its hang keeps it") {
  start();
  assign(ask_for(1, prompt_of(5), 6));
  assign(ask_for(2, prompt_of(7), 6));
  self->send(w, drill_atom_v, drill_kind::throw_step);
  run();
  CHECK(log().tokens(1) == expected(5, 6));
  CHECK(log().tokens(2) == expected(7, 6));
  self->send(w, drill_atom_v, drill_kind::hang);
  run();
  CHECK(hangs == 1);
  self->send(w, drill_atom_v, drill_kind::die);
  run();
  CHECK_FALSE(alive(w));
  REQUIRE(log().failed.size() == 1);
  CHECK(log().failed[0].retry);
}
