#include <catch2/catch.hpp>

#include "tests/support/gateway_fixture.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

template <class Pending>
std::uint64_t answer_of(Pending& pending) {
  std::uint64_t out = 12345;
  pending.receive([&](std::uint64_t x) { out = x; }, [](const caf::error&) {});
  return out;
}

} // namespace

TEST_CASE_METHOD(gateway_fixture, "a request goes on with a run of its own and a seed") {
  submit(1);
  native_request seeded;
  seeded.params.has_seed = true;
  seeded.params.seed = 5;
  submit(2, seeded);
  REQUIRE(log().lookups.size() == 2);
  CHECK(log().lookups[0].run == 1);
  CHECK(log().lookups[0].request.params.seed == 1001);
  CHECK(log().lookups[0].may_start);
  CHECK(log().lookups[1].run == 2);
  CHECK(log().lookups[1].request.params.seed == 5);
}

TEST_CASE_METHOD(gateway_fixture, "a full queue asks the cache but may start nothing") {
  submit(1);
  submit(2);
  submit(3);
  REQUIRE(log().lookups.size() == 3);
  CHECK_FALSE(log().lookups[2].may_start);
  CHECK(log().lookups[2].refusal.code == failure_code::queue_full);
  CHECK(log().lookups[2].refusal.retry_after >= 1s);
  CHECK(log().lookups[2].refusal.message.find("(limit 2)") != std::string::npos);
  tell(door, placed_atom_v, sink_id{1});
  tell(door, ended_atom_v, sink_id{3}, token_usage{});
  // The place that is free now is kept for the one that was told to come back.
  advance(1s);
  submit(4);
  CHECK(log().lookups[3].may_start);
}

TEST_CASE_METHOD(gateway_fixture, "beyond the live limit the gateway refuses by itself") {
  for (sink_id sink = 1; sink <= 4; ++sink)
    submit(sink);
  submit(5);
  CHECK(log().lookups.size() == 4);
  REQUIRE(heard->sinks[5].failed);
  CHECK(heard->sinks[5].failed->reason.code == failure_code::queue_full);
  CHECK(heard->sinks[5].failed->reason.message.find("4 (limit 4)") != std::string::npos);
  REQUIRE(log().records.size() == 1);
  CHECK(log().records[0].result == outcome::failed);
}

TEST_CASE_METHOD(gateway_fixture, "a client that leaves is passed on while its sink lives, and only then") {
  submit(1);
  tell(door, detach_atom_v, sink_id{1}, detach_reason::client_gone);
  tell(door, detach_atom_v, sink_id{9}, detach_reason::client_gone);
  REQUIRE(log().detaches.size() == 1);
  CHECK(log().detaches[0] == std::pair{sink_id{1}, detach_reason::client_gone});
  tell(door, ended_atom_v, sink_id{1}, token_usage{});
  tell(door, detach_atom_v, sink_id{1}, detach_reason::client_gone);
  CHECK(log().detaches.size() == 1);
}

TEST_CASE_METHOD(gateway_fixture, "a request whose time is over is detached once, at most a tick late") {
  native_request quick;
  quick.timeout = 2s;
  submit(1, quick);
  submit(2);
  advance(1999ms);
  CHECK(log().detaches.empty());
  advance(300ms);
  REQUIRE(log().detaches.size() == 1);
  CHECK(log().detaches[0] == std::pair{sink_id{1}, detach_reason::deadline});
  advance(5s);
  CHECK(log().detaches.size() == 1);
  advance(4s);
  CHECK(log().detaches.size() == 2);
}

TEST_CASE_METHOD(gateway_fixture, "an idle gateway arms no clock") {
  submit(1);
  CHECK(sched.has_pending_timeout());
  tell(door, ended_atom_v, sink_id{1}, token_usage{});
  advance(1s);
  CHECK_FALSE(sched.has_pending_timeout());
}

TEST_CASE_METHOD(gateway_fixture, "a drain without sinks is over at once, and the door stays shut") {
  CHECK(ask<std::uint64_t>(door, drain_atom_v, timespan{30s}) == 0);
  submit(1);
  REQUIRE(heard->sinks[1].failed);
  CHECK(heard->sinks[1].failed->reason.code == failure_code::draining);
  CHECK(heard->sinks[1].failed->reason.retry_after == 30s);
}

TEST_CASE_METHOD(gateway_fixture, "a drain waits for the last sink") {
  submit(1);
  submit(2);
  auto pending = drain(30s);
  tell(door, ended_atom_v, sink_id{1}, token_usage{});
  advance(5s);
  CHECK(self->mailbox().empty());
  tell(door, ended_atom_v, sink_id{2}, token_usage{});
  CHECK(answer_of(pending) == 0);
}

TEST_CASE_METHOD(gateway_fixture, "a drain that takes too long fails the rest and says how many") {
  submit(1);
  submit(2);
  auto pending = drain(3s);
  advance(3250ms);
  REQUIRE(log().detaches.size() == 2);
  CHECK(log().detaches[1] == std::pair{sink_id{2}, detach_reason::shutdown});
  tell(door, ended_atom_v, sink_id{1}, token_usage{});
  CHECK(self->mailbox().empty());
  tell(door, ended_atom_v, sink_id{2}, token_usage{});
  CHECK(answer_of(pending) == 2);
}

TEST_CASE_METHOD(gateway_fixture, "a drain answers even when a sink never says that it ended") {
  submit(1);
  auto pending = drain(0s);
  CHECK(log().detaches.size() == 1);
  advance(1500ms);
  CHECK(answer_of(pending) == 1);
}
