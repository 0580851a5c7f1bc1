// A run's sinks: how they come and how they end.
#include <catch2/catch.hpp>

#include "tests/support/generation_fixture.hpp"

using namespace troupe;
using namespace troupe::test;

TEST_CASE_METHOD(generation_fixture, "who joins late gets all text so far and then the rest") {
  start();
  attach(2, cache_state::coalesced);
  place(1);
  say("ab");
  attach(3, cache_state::coalesced);
  CHECK(sink(3).text() == "ab");
  say("c", 1, finish_reason::length);
  attach(4, cache_state::coalesced);
  for (sink_id id = 1; id <= 4; ++id) {
    INFO("sink " << id);
    CHECK(sink(id).text() == "abc");
    CHECK(sink(id).finished);
    CHECK(sink(id).started->run == 7);
  }
  CHECK(sink(4).started->cache == cache_state::coalesced);
  CHECK(log().placed_sinks == std::vector<sink_id>{1, 2, 3, 4});
  CHECK(log().ended_sinks == std::vector<sink_id>{1, 2, 3, 4});
  CHECK(log().records.size() == 4);
  CHECK(log().finished.size() == 1);
}

TEST_CASE_METHOD(generation_fixture, "the run lives as long as one listens, and is cancelled with the last") {
  start();
  attach(2, cache_state::coalesced);
  place(1);
  tell(run_, detach_atom_v, sink_id{1}, detach_reason::client_gone);
  CHECK(log().cancels.empty());
  say("a");
  CHECK(sink(1).text().empty());
  CHECK(sink(2).text() == "a");
  tell(run_, detach_atom_v, sink_id{2}, detach_reason::slow_reader);
  CHECK(log().cancels == std::vector<sequence_key>{{7, 0}});
  CHECK(log().ended_runs == std::vector<run_id>{7});
  CHECK(log().finished.empty());
  CHECK_FALSE(sink(1).ended());
  CHECK_FALSE(sink(2).ended());
  REQUIRE(log().records.size() == 2);
  CHECK(log().records[0].result == outcome::cancelled);
  CHECK(log().records[1].why == detach_reason::slow_reader);
  say("late");
  CHECK(log().records.size() == 2);
}

TEST_CASE_METHOD(generation_fixture, "a deadline and a shutdown are told to the client") {
  start();
  attach(2, cache_state::coalesced);
  tell(run_, detach_atom_v, sink_id{1}, detach_reason::deadline);
  tell(run_, detach_atom_v, sink_id{2}, detach_reason::shutdown);
  CHECK(sink(1).failed->reason.code == failure_code::deadline_exceeded);
  CHECK(sink(2).failed->reason.code == failure_code::draining);
  CHECK(log().ended_sinks == std::vector<sink_id>{1, 2});
  CHECK(log().records[0].result == outcome::failed);
}

TEST_CASE_METHOD(generation_fixture, "a worker's failure fails all who listen, once") {
  start();
  attach(2, cache_state::coalesced);
  place(1);
  say("a");
  tell(run_, sequence_failed{{7, 0}, 9, {failure_code::internal_error, "an old one", {}, timespan{0}}});
  CHECK_FALSE(sink(1).ended());
  const sequence_failed failed{{7, 0}, 1, {failure_code::internal_error, "the step threw", {}, timespan{0}}};
  tell(run_, failed);
  tell(run_, failed);
  CHECK(sink(1).failed->reason.message == "the step threw");
  CHECK(sink(2).failed);
  CHECK(log().records.size() == 2);
  CHECK(log().ended_runs.size() == 1);
  CHECK(log().finished.empty());
}

TEST_CASE_METHOD(generation_fixture, "a sequence that no worker can take fails before it has a place") {
  start();
  tell(run_, sequence_failed{{7, 0}, 0, {failure_code::no_worker, "no worker", {}, timespan{0}}});
  CHECK(sink(1).failed->reason.code == failure_code::no_worker);
}

TEST_CASE_METHOD(generation_fixture, "a throw fails the run's own sinks, and whoever joins before the cache knows") {
  auto links = peers.links();
  links.encoder = spawn(silent_encoder);
  generation_options options;
  options.encode_inline_bytes = 1;
  run_ = spawn(generation, run_id{7}, request, links, tiny_text(context), options);
  attach(1, cache_state::miss);
  attach(2, cache_state::coalesced);
  tell(run_, encoded_prompt{7, std::vector<token_id>(context), 0, {}, true, {}});
  attach(3, cache_state::coalesced);
  for (sink_id id = 1; id <= 3; ++id) {
    REQUIRE(sink(id).failed);
    CHECK(sink(id).failed->reason.code == failure_code::internal_error);
  }
  CHECK(log().records.size() == 3);
  CHECK(log().ended_sinks.size() == 3);
  CHECK(log().ended_runs.size() == 1);
  tell(run_, release_atom_v);
  CHECK_FALSE(alive(run_));
}

TEST_CASE_METHOD(generation_fixture, "a run that is cancelled while its prompt is encoded does not start") {
  auto links = peers.links();
  links.encoder = spawn(silent_encoder);
  generation_options options;
  options.encode_inline_bytes = 1;
  run_ = spawn(generation, run_id{7}, request, links, tiny_text(context), options);
  attach(1, cache_state::miss);
  tell(run_, detach_atom_v, sink_id{1}, detach_reason::client_gone);
  tell(run_, encoded_prompt{7, {1}, 0, {}, true, {}});
  CHECK(log().ended_runs.size() == 1);
  CHECK(log().places.empty());
  CHECK(log().cancels.empty());
}

TEST_CASE_METHOD(generation_fixture, "an exit fails who is left and ends the actor") {
  start();
  place(1);
  say("a");
  self->send_exit(run_, caf::exit_reason::user_shutdown);
  run();
  CHECK(sink(1).failed->reason.code == failure_code::draining);
  CHECK(log().cancels.size() == 1);
  CHECK_FALSE(alive(run_));
}

TEST_CASE_METHOD(generation_fixture, "messages that were cut before count for the sink that sent them") {
  request.trimmed_messages = 2;
  start();
  request.trimmed_messages = 5;
  attach(2, cache_state::coalesced);
  place(1);
  say("a", 1, finish_reason::length);
  CHECK(sink(1).finished->truncated_messages == 2);
  CHECK(sink(2).finished->truncated_messages == 5);
  CHECK(log().finished[0].truncated_messages == 0);
}
