// The whole company, one request or a few at a time.
#include <catch2/catch.hpp>

#include "tests/support/company_fixture.hpp"

using namespace troupe;
using namespace troupe::test;

TEST_CASE_METHOD(company_fixture, "a request is answered through the whole company") {
  const auto request = ask_for("hello");
  submit(1, request);
  run();
  REQUIRE(sink(1).finished);
  CHECK(sink(1).text() == lone_answer(request));
  CHECK(sink(1).finished->usage.prompt_tokens == 5);
  CHECK(sink(1).finished->usage.completion_tokens == 12);
  CHECK(sink(1).finishes[0] == finish_reason::length);
  check_rest(1);
}

TEST_CASE_METHOD(company_fixture, "an equal request is answered from the cache") {
  submit(1, ask_for("same"));
  run();
  submit(2, ask_for("same"));
  run();
  CHECK(sink(2).started->cache == cache_state::hit);
  CHECK(sink(2).text() == sink(1).text());
  CHECK(numbers().cache_hit_rate == 0.5);
  CHECK(numbers().cache.entries == 1);
  CHECK(ask<std::uint64_t>(actors.cache, clear_atom_v) == 1);
  check_rest(2);
}

TEST_CASE_METHOD(company_fixture, "a sequence that its worker cannot step fails alone") {
  submit(1, ask_for("good", 30));
  submit(2, ask_for(std::string("bad") + poison, 30));
  submit(3, ask_for("fine", 30));
  run();
  REQUIRE(sink(2).failed);
  CHECK(sink(2).failed->reason.code == failure_code::internal_error);
  CHECK(sink(1).text() == lone_answer(ask_for("good", 30)));
  CHECK(sink(3).text() == lone_answer(ask_for("fine", 30)));
  check_rest(3);
}

TEST_CASE_METHOD(company_fixture, "a request that no worker can take waits until its time is over") {
  auto request = ask_for("hello");
  request.model = "another";
  request.timeout = 1s;
  submit(1, request);
  run();
  CHECK(sink(1).started);
  CHECK_FALSE(sink(1).ended());
  CHECK(numbers().requests_waiting == 1);
  advance(1300ms);
  CHECK(sink(1).failed->reason.code == failure_code::deadline_exceeded);
  check_rest(1);
}

TEST_CASE_METHOD(company_fixture, "a request for a model that has no text here fails as not found") {
  auto request = ask_for("hello");
  request.model = "unheard of";
  submit(1, request);
  run();
  CHECK(sink(1).failed->reason.code == failure_code::model_not_found);
  CHECK(sink(1).failed->reason.param == "model");
  check_rest(1);
}

TEST_CASE_METHOD(company_fixture, "a request whose time is over fails, wherever it is") {
  auto request = ask_for("late", 200);
  request.timeout = 1s;
  submit(1, request);
  run_some(40);
  REQUIRE_FALSE(sink(1).ended());
  sched.advance_time(1300ms);
  run();
  REQUIRE(sink(1).ended());
  check_rest(1);
}

TEST_CASE("a full queue refuses, and every sink hears of its end") {
  gateway_options small;
  small.max_waiting = 3;
  small.max_live = 6;
  for (std::uint64_t seed = 0; seed <= 50; ++seed) {
    INFO("seed " << seed);
    company_fixture it{seed, small};
    for (sink_id sink = 1; sink <= 12; ++sink)
      it.submit(sink, it.ask_for("q" + std::to_string(sink)));
    it.run();
    std::size_t refused = 0;
    for (sink_id sink = 1; sink <= 12; ++sink) {
      REQUIRE(it.sink(sink).ended());
      if (it.sink(sink).failed) {
        ++refused;
        CHECK(it.sink(sink).failed->reason.code == failure_code::queue_full);
        CHECK(it.sink(sink).failed->reason.retry_after >= 1s);
      }
    }
    CHECK(refused <= 9);
    it.check_rest(12);
  }
}

TEST_CASE_METHOD(company_fixture, "a drain lets running requests end and takes no new ones") {
  submit(1, ask_for("running", 30));
  run_some(30);
  auto pending = self->request(actors.gateway, caf::infinite, drain_atom_v, timespan{10s});
  submit(2, ask_for("new"));
  run();
  CHECK(sink(1).text() == lone_answer(ask_for("running", 30)));
  CHECK(sink(2).failed->reason.code == failure_code::draining);
  std::uint64_t failed = 99;
  pending.receive([&](std::uint64_t x) { failed = x; }, [](const caf::error&) {});
  CHECK(failed == 0);
}

TEST_CASE_METHOD(company_fixture, "a core actor that dies is heard of") {
  self->send_exit(actors.fan_out, caf::exit_reason::kill);
  run();
  CHECK(deaths == std::vector<std::string>{"fan_out"});
}
