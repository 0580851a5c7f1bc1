#include <catch2/catch.hpp>

#include <bit>
#include <map>
#include <stdexcept>

#include "actors/worker.hpp"
#include "tests/support/sequence_probes.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

struct fixture : deterministic_system {
  sequence_probes peers{*this};
  std::shared_ptr<fake_engine_log> engine = std::make_shared<fake_engine_log>();
  fake_engine_options model;
  worker_options options;
  worker_actor w;
  std::uint64_t numbers = 0;
  std::size_t hangs = 0;
  /// What happens while the engine computes a step, by the step's number.
  std::map<std::size_t, std::function<void()>> during;

  void start() {
    if (!model.before_step)
      model.before_step = [this](std::size_t step, const engine::batch&) {
        if (const auto event = during.find(step); event != during.end())
          event->second();
      };
    start(fake_loader(model, engine));
  }

  void start(engine_loader load) {
    options.model = "m";
    options.eos = {model.eos};
    w = spawn(
      worker, worker_id{3}, options, peers.peers(), worker_tools{std::move(load), test_hasher(), [this] { ++hangs; }});
    run();
  }

  sequence_log& log() { return *peers.log; }

  /// Sends an assignment and does not let the worker work. The epoch is the run's number, and so is the rank.
  void assign(placement_request work) {
    const auto run = work.key.run;
    self->send(w, assignment{std::move(work), run, ++numbers, run});
  }

  void let_go(run_id run) { self->send(w, remove_atom_v, sequence_key{run, 0}, epoch_id{run}); }

  std::vector<std::size_t> new_tokens(std::size_t step) {
    std::vector<std::size_t> rows;
    for (const auto& row : engine->steps.at(step).rows)
      rows.push_back(row.new_tokens());
    return rows;
  }

  const room& last_room() { return log().rooms.back(); }
  std::vector<token_id> expected(std::size_t prompt, std::size_t count, token_id first = 10) {
    return expected_answer(model, prompt_of(prompt, first), count);
  }
};

using sizes = std::vector<std::size_t>;
using reasons = std::vector<departure_reason>;

} // namespace

TEST_CASE_METHOD(fixture, "a worker says what it can hold when its model is loaded") {
  model.kv_blocks = 10;
  options.step_tokens = 6;
  start();
  REQUIRE(log().loaded.size() == 1);
  const auto& [ready, handle] = log().loaded[0];
  CHECK(handle == w);
  CHECK(ready.worker == 3);
  CHECK(ready.model == "m");
  CHECK(ready.blocks == 10);
  CHECK(ready.block_size == 4);
  // No more sequences than a step has tokens for, no longer ones than the cache has.
  CHECK(ready.slots == 6);
  CHECK(ready.context == 40);
}

TEST_CASE_METHOD(fixture, "a sequence gets the answer of an undisturbed run and leaves at once") {
  start();
  assign(ask_for(1, prompt_of(9), 5));
  run();
  CHECK(log().tokens(1) == expected(9, 5));
  CHECK(log().finish(1) == finish_reason::length);
  CHECK(log().departures(1) == reasons{departure_reason::finished});
  CHECK(last_room().free_slots == 8);
  CHECK(last_room().free_blocks == 64);
  CHECK(last_room().last_admit_seen == 1);
  CHECK(log().reports.size() == 5);
  CHECK(log().rooms.size() == 5);
  REQUIRE(log().steps.size() == 5);
  CHECK(log().steps[0].prefill_tokens == 9);
  CHECK(log().steps[1].decode_tokens == 1);
  CHECK(log().steps[0].resident == 1);
  CHECK(log().steps[0].blocks_used == 3);
  CHECK(log().steps[4].resident == 0);
}

TEST_CASE_METHOD(fixture, "positions and logprobs go with the tokens") {
  start();
  auto work = ask_for(1, prompt_of(9), 2);
  work.sampling.logprobs = true;
  assign(work);
  run();
  REQUIRE(log().reports.size() == 2);
  const auto& second = log().reports[1].tokens.at(0);
  CHECK(log().reports[1].worker == 3);
  CHECK(log().reports[0].tokens.at(0).first_position == 9);
  CHECK(second.first_position == 10);
  CHECK(second.logprob_bits == std::vector{std::bit_cast<std::uint32_t>(fake_logprob(second.tokens.at(0)))});
}

TEST_CASE_METHOD(fixture, "an end token ends an answer, unless it is ignored") {
  model.eos_after = 3;
  start();
  assign(ask_for(1, prompt_of(5), 10));
  auto stubborn = ask_for(2, prompt_of(5), 6);
  stubborn.ignore_eos = true;
  assign(stubborn);
  run();
  CHECK(log().tokens(1).size() == 3);
  CHECK(log().tokens(1).back() == model.eos);
  CHECK(log().finish(1) == finish_reason::stop);
  CHECK(log().tokens(2).size() == 6);
  CHECK(log().finish(2) == finish_reason::length);
}

TEST_CASE_METHOD(fixture, "an answer ends where the context ends") {
  model.context = 20;
  start();
  assign(ask_for(1, prompt_of(15), 0));
  run();
  CHECK(log().tokens(1) == expected(15, 5));
  CHECK(log().finish(1) == finish_reason::length);
}

TEST_CASE_METHOD(fixture, "a sequence joins a running batch at the next step and changes nobody's answer") {
  start();
  assign(ask_for(1, prompt_of(6), 12));
  during[3] = [this] { assign(ask_for(2, prompt_of(7, 50), 4)); };
  run();
  CHECK(new_tokens(2) == sizes{1});
  CHECK(new_tokens(3) == sizes{1, 7});
  CHECK(log().tokens(1) == expected(6, 12));
  CHECK(log().tokens(2) == expected(7, 4, 50));
  CHECK(engine->steps.size() == 12);
}

TEST_CASE_METHOD(fixture, "a long prompt holds a stream up by no more than a chunk") {
  options.step_tokens = 10;
  start();
  assign(ask_for(1, prompt_of(4), 30));
  during[1] = [this] { assign(ask_for(2, prompt_of(100, 50), 3)); };
  run();
  for (std::size_t i = 1; i <= 11; ++i)
    CHECK(new_tokens(i) == sizes{1, 9});
  CHECK(new_tokens(12) == sizes{1, 1});
  CHECK(new_tokens(13) == sizes{1, 1});
  CHECK(log().tokens(1) == expected(4, 30));
  CHECK(log().tokens(2) == expected(100, 3, 50));
}

TEST_CASE_METHOD(fixture, "a sequence that is let go frees its place before the next step") {
  options.step_tokens = 10;
  start();
  std::size_t prompt = 10;
  std::size_t steps = 3;

  SECTION("in prefill") {
    prompt = 100;
    during[3] = [this] { let_go(1); };
  }
  SECTION("in decode") {
    during[3] = [this] { let_go(1); };
  }
  SECTION("before its first step") {
    steps = 0;
  }
  assign(ask_for(1, prompt_of(prompt), 50));
  if (steps == 0)
    let_go(1);
  run();
  CHECK(engine->steps.size() == steps);
  CHECK(log().departures(1) == reasons{departure_reason::removed});
  CHECK(last_room().free_blocks == 64);
  CHECK(last_room().free_slots == 8);
}

TEST_CASE_METHOD(fixture, "letting one go does not disturb the others") {
  start();
  assign(ask_for(1, prompt_of(6), 12));
  assign(ask_for(2, prompt_of(7, 50), 12));
  assign(ask_for(3, prompt_of(8, 70), 12));
  during[4] = [this] { let_go(2); };
  run();
  CHECK(log().tokens(1) == expected(6, 12));
  CHECK(log().tokens(2).size() == 4);
  CHECK(log().tokens(3) == expected(8, 12, 70));
}

TEST_CASE_METHOD(fixture, "letting go of an older placement leaves the present one alone") {
  start();
  assign(ask_for(1, prompt_of(6), 5));
  tell(w, remove_atom_v, sequence_key{1, 0}, epoch_id{77});
  CHECK(log().tokens(1) == expected(6, 5));
  CHECK(log().departures(1) == reasons{departure_reason::finished});
}

TEST_CASE_METHOD(fixture, "when blocks run out the highest rank gives way and the others go on") {
  model.kv_blocks = 6;
  start();
  assign(ask_for(1, prompt_of(7), 10));
  assign(ask_for(2, prompt_of(7, 50), 10));
  assign(ask_for(3, prompt_of(7, 70), 10));
  run();
  CHECK(log().departures(3) == reasons{departure_reason::evicted});
  CHECK(log().departures(2) == reasons{departure_reason::evicted});
  CHECK(log().departures(1) == reasons{departure_reason::finished});
  CHECK(log().tokens(1) == expected(7, 10));
  CHECK(last_room().free_blocks == 6);

  SECTION("and who gave way goes on exactly where it was, elsewhere or here") {
    auto rest = ask_for(2, prompt_of(7, 50), 10);
    const auto first = log().tokens(2);
    REQUIRE(first.size() < 10);
    rest.tokens.insert(rest.tokens.end(), first.begin(), first.end());
    assign(rest);
    run();
    CHECK(log().tokens(2) == expected(7, 10, 50));
    CHECK(log().finish(2) == finish_reason::length);
  }
}

TEST_CASE_METHOD(fixture, "a resumed sequence draws the same numbers when it is drawn at random") {
  start();
  auto work = ask_for(1, prompt_of(6), 9);
  work.sampling.seed = 4711;
  work.key.choice = 2;
  const auto whole = expected_answer(model, work.tokens, 9, work.sampling, 2);
  work.tokens.insert(work.tokens.end(), whole.begin(), whole.begin() + 4);
  assign(work);
  run();
  CHECK(log().tokens(1) == std::vector<token_id>(whole.begin() + 4, whole.end()));
}

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

TEST_CASE_METHOD(fixture, "a prompt that begins like an earlier one is computed from where they part") {
  start();
  assign(ask_for(1, prompt_of(10), 2));
  run();
  auto longer = prompt_of(10);
  longer.insert(longer.end(), {500, 501, 502});
  assign(ask_for(2, longer, 3));
  run();
  // Two full blocks of four are there; the rest goes through.
  CHECK(engine->steps.at(2).rows.at(0).position == 8);
  CHECK(new_tokens(2) == sizes{5});
  CHECK(log().tokens(2) == expected_answer(model, longer, 3));
  CHECK(log().steps.at(2).prefix_query_tokens == 13);
  CHECK(log().steps.at(2).prefix_hit_tokens == 8);
  CHECK(log().steps.back().blocks_used == 0);
}

TEST_CASE_METHOD(fixture, "sequences of two tenants share nothing") {
  start();
  assign(ask_for(1, prompt_of(10), 2));
  run();
  auto foreign = ask_for(2, prompt_of(10), 2);
  foreign.tenant_salt = "somebody else";
  assign(foreign);
  run();
  CHECK(new_tokens(2) == sizes{10});
}

TEST_CASE_METHOD(fixture, "without a prefix cache every prompt goes through whole") {
  options.prefix_cache = false;
  start();
  assign(ask_for(1, prompt_of(10), 2));
  run();
  assign(ask_for(2, prompt_of(10), 2));
  run();
  CHECK(new_tokens(2) == sizes{10});
}

TEST_CASE_METHOD(fixture, "room says whose prompt has gone through, and how long the step took") {
  options.step_tokens = 4;
  start();
  assign(ask_for(1, prompt_of(6), 3));
  run();
  std::vector<sequence_key> prefilled;
  for (const auto& x : log().rooms) {
    prefilled.insert(prefilled.end(), x.prefilled.begin(), x.prefilled.end());
    CHECK(x.step_time.count() > 0);
  }
  CHECK(prefilled == std::vector<sequence_key>{{1, 0}});
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
