#include <catch2/catch.hpp>

#include "actors/cache_keeper.hpp"
#include "tests/support/probes.hpp"
#include "tests/support/tiny_text.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

native_request ask_for(const std::string& prompt) {
  native_request out;
  out.form = prompt_form::text;
  out.prompt = prompt;
  return out;
}

/// The cache with real generations; scheduler, gateway and metrics are probes, the test plays the worker.
struct fixture : deterministic_system {
  probes peers{*this, tiny_texts(100)};
  std::shared_ptr<edge_log> heard = std::make_shared<edge_log>();
  edge_actor edge = spawn_edge(heard);
  cache_actor keeper;
  run_id last_run = 0;

  fixture() {
    cache::response_cache_options options;
    options.max_entries = 2;
    options.time_to_live = 60s;
    keeper = spawn(cache_keeper, options, generation_parts{peers.links(), tiny_texts(100), {}});
  }

  ~fixture() { CHECK(heard->breaches.empty()); }

  probe_log& log() { return *peers.log; }
  sink_log& sink(sink_id id) { return heard->sinks[id]; }

  run_id lookup(sink_id id, native_request request, bool may_start = true) {
    admitted_request out{++last_run, std::move(request), may_start, {failure_code::queue_full, "full", {}, 2s}};
    tell(keeper, lookup_atom_v, out, edge, id, peers.gateway);
    return last_run;
  }

  void detach(sink_id id, detach_reason reason = detach_reason::client_gone) {
    tell(keeper, detach_atom_v, id, reason);
  }

  /// Plays the worker to the end of the run that was placed last.
  void answer(const std::string& text) {
    const auto key = log().places.back().key;
    const auto generation = log().askers.back();
    const auto position = static_cast<std::uint32_t>(log().places.back().tokens.size());
    tell(generation, placement{key, 1, 0});
    tell(generation, sequence_tokens{key, 1, position, tiny_tokens(text), {}, finish_reason::length});
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "an answer is replayed to an equal request, with no run") {
  lookup(1, ask_for("a"));
  answer("text");
  auto again = ask_for("a");
  again.request_id = "another";
  again.trimmed_messages = 3;
  const auto run = lookup(2, again);
  CHECK(sink(1).started->cache == cache_state::miss);
  REQUIRE(sink(2).started);
  CHECK(sink(2).started->cache == cache_state::hit);
  CHECK(sink(2).started->run == run);
  CHECK(sink(2).text() == "text");
  CHECK(sink(2).finishes[0] == finish_reason::length);
  CHECK(sink(2).finished->usage.completion_tokens == 4);
  CHECK(sink(2).finished->truncated_messages == 3);
  CHECK(log().places.size() == 1);
  CHECK(log().ended_sinks == std::vector<sink_id>{1, 2});
  REQUIRE(log().records.size() == 2);
  CHECK(log().records[1].cache == cache_state::hit);
  CHECK(log().records[1].request_id == "another");
}

TEST_CASE_METHOD(fixture, "a request that differs in one byte is another run") {
  lookup(1, ask_for("a"));
  answer("text");
  lookup(2, ask_for("b"));
  CHECK(log().places.size() == 2);
}

TEST_CASE_METHOD(fixture, "equal requests in flight share one run") {
  lookup(1, ask_for("a"));
  lookup(2, ask_for("a"));
  CHECK(log().places.size() == 1);
  answer("text");
  CHECK(sink(2).started->cache == cache_state::coalesced);
  CHECK(sink(1).text() == "text");
  CHECK(sink(2).text() == "text");
}

TEST_CASE_METHOD(fixture, "the run lives on when its first client hangs up") {
  lookup(1, ask_for("a"));
  lookup(2, ask_for("a"));
  detach(1);
  CHECK(log().cancels.empty());
  answer("text");
  CHECK_FALSE(sink(1).ended());
  CHECK(sink(2).finished);
  lookup(3, ask_for("a"));
  CHECK(sink(3).started->cache == cache_state::hit);
}

TEST_CASE_METHOD(fixture, "when the last client hangs up the run is cancelled and its key free at once") {
  lookup(1, ask_for("a"));
  // Before the generation can say that it ended.
  self->send(keeper, detach_atom_v, sink_id{1}, detach_reason::client_gone);
  lookup(2, ask_for("a"));
  CHECK(log().cancels.size() == 1);
  CHECK(log().places.size() == 2);
  CHECK(sink(2).started->cache == cache_state::miss);
  answer("text");
  CHECK(sink(2).finished);
  CHECK_FALSE(sink(1).ended());
}

TEST_CASE_METHOD(fixture, "a run that failed or was cancelled is not kept") {
  lookup(1, ask_for("a"));
  tell(log().askers.back(), sequence_failed{log().places.back().key, 0, {failure_code::no_worker, "no", {}, 0s}});
  CHECK(sink(1).failed);
  lookup(2, ask_for("a"));
  CHECK(log().places.size() == 2);
  detach(2);
  lookup(3, ask_for("a"));
  CHECK(log().places.size() == 3);
}

TEST_CASE_METHOD(fixture, "a generation ends when its run has") {
  lookup(1, ask_for("a"));
  const auto finished = log().askers.back();
  answer("text");
  CHECK_FALSE(alive(finished));
  lookup(2, ask_for("b"));
  const auto cancelled = log().askers.back();
  detach(2);
  CHECK_FALSE(alive(cancelled));
}

TEST_CASE_METHOD(fixture, "who bypasses the cache neither reads it, nor joins, nor leaves anything in it") {
  auto request = ask_for("a");
  request.cache = cache_policy::bypass;
  lookup(1, request);
  lookup(2, request);
  lookup(3, ask_for("a"));
  CHECK(log().places.size() == 3);
  CHECK(sink(1).started->cache == cache_state::bypass);
  CHECK(sink(3).started->cache == cache_state::miss);
  detach(3);
  detach(2);
  const auto key = log().places[0].key;
  tell(log().askers[0], placement{key, 1, 0});
  tell(log().askers[0], sequence_tokens{key, 1, 1, tiny_tokens("x"), {}, finish_reason::length});
  CHECK(sink(1).finished);
  lookup(4, ask_for("a"));
  CHECK(log().places.size() == 4);
}

TEST_CASE_METHOD(fixture, "with a full queue a hit and a run in flight still serve, a new run is refused") {
  lookup(1, ask_for("a"));
  answer("text");
  lookup(2, ask_for("b"));
  lookup(3, ask_for("a"), false);
  lookup(4, ask_for("b"), false);
  lookup(5, ask_for("c"), false);
  CHECK(sink(3).finished);
  CHECK(sink(4).started->cache == cache_state::coalesced);
  REQUIRE(sink(5).failed);
  CHECK(sink(5).failed->reason.retry_after == 2s);
  CHECK(log().ended_sinks == std::vector<sink_id>{1, 3, 5});
  CHECK(log().records.back().code == failure_code::queue_full);
}

TEST_CASE_METHOD(fixture, "clearing forgets the answers and says how many there were") {
  lookup(1, ask_for("a"));
  answer("text");
  CHECK(log().cache_loads.back().entries == 1);
  CHECK(ask<std::uint64_t>(keeper, clear_atom_v) == 1);
  CHECK(log().cache_loads.back().entries == 0);
  CHECK(log().cache_loads.back().bytes == 0);
  lookup(2, ask_for("a"));
  CHECK(log().places.size() == 2);
}

TEST_CASE_METHOD(fixture, "an answer past its time is not replayed") {
  lookup(1, ask_for("a"));
  answer("text");
  advance(61s, 61s);
  lookup(2, ask_for("a"));
  CHECK(sink(2).started->cache == cache_state::miss);
}

TEST_CASE_METHOD(fixture, "the end of the cache fails the runs in flight and ends their generations") {
  lookup(1, ask_for("a"));
  const auto generation = log().askers.back();
  self->send_exit(keeper, caf::exit_reason::user_shutdown);
  run();
  CHECK(sink(1).failed->reason.code == failure_code::draining);
  CHECK_FALSE(alive(generation));
  CHECK_FALSE(alive(keeper));
}

TEST_CASE("a run's key is free when its last sink leaves, and passes to the next run") {
  flight_table flights;
  flights.start(1, "key", {});
  flights.join(1, 10);
  flights.join(1, 11);
  CHECK(flights.find("key") == run_id{1});
  CHECK(flights.leave(10));
  CHECK(flights.find("key") == run_id{1});
  CHECK(flights.leave(11));
  CHECK_FALSE(flights.leave(11));
  CHECK_FALSE(flights.find("key"));
  flights.start(2, "key", {});
  flights.join(2, 12);
  CHECK(flights.end(1)->key == "key");
  CHECK_FALSE(flights.end(1));
  CHECK(flights.find("key") == run_id{2});
  CHECK(flights.end(2));
  CHECK_FALSE(flights.leave(12));
  CHECK_FALSE(flights.find("key"));
}
