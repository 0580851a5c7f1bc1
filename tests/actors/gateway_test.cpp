#include <catch2/catch.hpp>

#include "actors/gateway.hpp"
#include "tests/support/probes.hpp"
#include "tests/support/tiny_text.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

struct fixture : deterministic_system {
  probes peers{*this, tiny_text(100)};
  std::shared_ptr<edge_log> heard = std::make_shared<edge_log>();
  edge_actor edge = spawn_edge(heard);
  std::uint64_t drawn = 1000;
  gateway_actor door;

  fixture() {
    gateway_options options;
    options.max_waiting = 2;
    options.max_live = 4;
    options.request_timeout = 10s;
    door = spawn(gateway, options, peers.cache, peers.metrics, [this] { return ++drawn; });
  }

  void submit(sink_id sink, native_request request = {}) { tell(door, submit_atom_v, std::move(request), edge, sink); }
  probe_log& log() { return *peers.log; }

  /// Asks for a drain whose answer comes later.
  auto drain(timespan limit) {
    auto pending = self->request(door, caf::infinite, drain_atom_v, limit);
    run();
    return pending;
  }
};

template <class Pending>
std::uint64_t answer_of(Pending& pending) {
  std::uint64_t out = 12345;
  pending.receive([&](std::uint64_t x) { out = x; }, [](const caf::error&) {});
  return out;
}

} // namespace

TEST_CASE_METHOD(fixture, "a request goes on with a run of its own and a seed") {
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

TEST_CASE_METHOD(fixture, "a full queue asks the cache but may start nothing") {
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
  submit(4);
  CHECK(log().lookups[3].may_start);
}

TEST_CASE_METHOD(fixture, "beyond the live limit the gateway refuses by itself") {
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

TEST_CASE_METHOD(fixture, "a client that leaves is passed on while its sink lives, and only then") {
  submit(1);
  tell(door, detach_atom_v, sink_id{1}, detach_reason::client_gone);
  tell(door, detach_atom_v, sink_id{9}, detach_reason::client_gone);
  REQUIRE(log().detaches.size() == 1);
  CHECK(log().detaches[0] == std::pair{sink_id{1}, detach_reason::client_gone});
  tell(door, ended_atom_v, sink_id{1}, token_usage{});
  tell(door, detach_atom_v, sink_id{1}, detach_reason::client_gone);
  CHECK(log().detaches.size() == 1);
}

TEST_CASE_METHOD(fixture, "a request whose time is over is detached once, at most a tick late") {
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

TEST_CASE_METHOD(fixture, "an idle gateway arms no clock") {
  submit(1);
  CHECK(sched.has_pending_timeout());
  tell(door, ended_atom_v, sink_id{1}, token_usage{});
  advance(1s);
  CHECK_FALSE(sched.has_pending_timeout());
}

TEST_CASE_METHOD(fixture, "a drain without sinks is over at once, and the door stays shut") {
  CHECK(ask<std::uint64_t>(door, drain_atom_v, timespan{30s}) == 0);
  submit(1);
  REQUIRE(heard->sinks[1].failed);
  CHECK(heard->sinks[1].failed->reason.code == failure_code::draining);
  CHECK(heard->sinks[1].failed->reason.retry_after == 30s);
}

TEST_CASE_METHOD(fixture, "a drain waits for the last sink") {
  submit(1);
  submit(2);
  auto pending = drain(30s);
  tell(door, ended_atom_v, sink_id{1}, token_usage{});
  advance(5s);
  CHECK(self->mailbox().empty());
  tell(door, ended_atom_v, sink_id{2}, token_usage{});
  CHECK(answer_of(pending) == 0);
}

TEST_CASE_METHOD(fixture, "a drain that takes too long fails the rest and says how many") {
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

TEST_CASE_METHOD(fixture, "a drain answers even when a sink never says that it ended") {
  submit(1);
  auto pending = drain(0s);
  CHECK(log().detaches.size() == 1);
  advance(1500ms);
  CHECK(answer_of(pending) == 1);
}
