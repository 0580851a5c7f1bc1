// How a worker shares its KV blocks, and what gives way when they run out.
#include <catch2/catch.hpp>

#include "tests/support/worker_fixture.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

using fixture = worker_fixture;

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
