#include <catch2/catch.hpp>

#include <deque>
#include <map>
#include <random>

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
  // The place that is free now is kept for the one that was told to come back.
  advance(1s);
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

TEST_CASE_METHOD(fixture, "a key with limits hears what it has left before anything else, also with a refusal") {
  native_request request;
  request.rate = {"ada", 2, 0};
  submit(1, request);
  REQUIRE(heard->sinks[1].admitted);
  CHECK(heard->sinks[1].admitted->limit_requests == 2);
  CHECK(heard->sinks[1].admitted->remaining_requests == 1);
  CHECK(heard->sinks[1].admitted->limit_tokens == 0);
  submit(2, request);
  submit(3, request);
  CHECK(log().lookups.size() == 2);
  REQUIRE(heard->sinks[3].admitted);
  CHECK(heard->sinks[3].admitted->remaining_requests == 0);
  REQUIRE(heard->sinks[3].failed);
  CHECK(heard->sinks[3].failed->reason.code == failure_code::rate_limited);
  CHECK(heard->sinks[3].failed->reason.retry_after == 30s);
  CHECK(heard->sinks[3].failed->reason.message.find("'ada' has a limit of 2 requests per minute") != std::string::npos);
  CHECK(log().records.back().code == failure_code::rate_limited);
  submit(4);
  CHECK_FALSE(heard->sinks[4].admitted);
}

TEST_CASE_METHOD(fixture, "tokens that were set aside come back when a request has used fewer") {
  native_request request;
  request.rate = {"ada", 0, 100};
  request.params.max_tokens = 80;
  submit(1, request);
  CHECK(heard->sinks[1].admitted->remaining_tokens == 20);
  submit(2, request);
  REQUIRE(heard->sinks[2].failed);
  CHECK(heard->sinks[2].failed->reason.code == failure_code::rate_limited);
  tell(door, ended_atom_v, sink_id{1}, token_usage{4, 6});
  submit(3, request);
  REQUIRE(heard->sinks[3].admitted);
  CHECK(heard->sinks[3].admitted->remaining_tokens == 10);
  CHECK_FALSE(heard->sinks[3].failed);
}

TEST_CASE_METHOD(fixture, "what a key never has is the request's fault, and no matter of time") {
  native_request request;
  request.rate = {"ada", 0, 100};
  request.params.max_tokens = 101;
  submit(1, request);
  REQUIRE(heard->sinks[1].failed);
  CHECK(heard->sinks[1].failed->reason.code == failure_code::invalid_request);
  CHECK(heard->sinks[1].failed->reason.message.find("may take 101") != std::string::npos);
}

TEST_CASE_METHOD(fixture, "who was told to come back is let in before newcomers") {
  native_request mine;
  mine.prompt = "mine";
  mine.client = "ada";
  submit(1);
  submit(2);
  submit(3, mine);
  REQUIRE_FALSE(log().lookups[2].may_start);
  const auto wait = log().lookups[2].refusal.retry_after;
  tell(door, ended_atom_v, sink_id{3}, token_usage{});
  advance(wait);
  tell(door, placed_atom_v, sink_id{1});
  native_request newcomer;
  newcomer.prompt = "other";
  submit(4, newcomer);
  CHECK_FALSE(log().lookups.back().may_start);
  tell(door, ended_atom_v, sink_id{4}, token_usage{});
  submit(5, mine);
  CHECK(log().lookups.back().may_start);
}

namespace {

/// Offers ten times what one server can do, and comes back when it is told to.
struct overload {
  explicit overload(fixture& of) : company(of) {}

  void newcomer() {
    native_request request;
    request.client = "client " + std::to_string(++clients);
    request.prompt = request.client;
    offer(request, false);
  }

  void offer(const native_request& request, bool returns) {
    const sink_id sink = ++sinks;
    company.submit(sink, request);
    // Refused by the gateway itself, or by what the cache would say.
    const bool asked = company.log().lookups.size() > lookups;
    lookups = company.log().lookups.size();
    const bool let_in = asked && company.log().lookups.back().may_start;
    returned += returns ? 1 : 0;
    returned_in += returns && let_in ? 1 : 0;
    if (let_in) {
      queue.push_back(sink);
      return;
    }
    REQUIRE(asked);
    const auto wait = std::chrono::ceil<std::chrono::seconds>(company.log().lookups.back().refusal.retry_after);
    company.tell(company.door, ended_atom_v, sink, token_usage{});
    // As a client does: whole seconds, and a little later than it was told.
    coming.emplace(now + wait + std::chrono::milliseconds{random() % 500}, request);
    ++told[(now + wait) / 1s];
  }

  void work() {
    if (busy_until <= now && running != 0) {
      company.tell(company.door, ended_atom_v, running, token_usage{3, 4});
      running = 0;
      ++served;
    }
    if (running == 0 && !queue.empty()) {
      running = queue.front();
      queue.pop_front();
      company.tell(company.door, placed_atom_v, running);
      busy_until = now + 50ms + std::chrono::milliseconds{random() % 100};
    }
  }

  fixture& company;
  std::mt19937 random{7};
  timespan now{0};
  timespan busy_until{0};
  std::uint64_t clients = 0;
  sink_id sinks = 0;
  sink_id running = 0;
  std::size_t lookups = 0;
  std::deque<sink_id> queue;
  std::multimap<timespan, native_request> coming;
  std::map<std::int64_t, int> told;
  std::size_t returned = 0;
  std::size_t returned_in = 0;
  std::size_t served = 0;
};

struct roomy_fixture : fixture {
  roomy_fixture() {
    gateway_options options;
    options.max_waiting = 16;
    options.max_live = 1000;
    door = spawn(gateway, options, peers.cache, peers.metrics, [this] { return ++drawn; });
  }
};

} // namespace

TEST_CASE_METHOD(roomy_fixture, "under ten times the load, who comes back when told to gets in at once") {
  overload load{*this};
  // A newcomer every 10 ms, and a served one every 100 ms on average.
  for (; load.now < 60s; load.now += 10ms) {
    load.work();
    load.newcomer();
    while (!load.coming.empty() && load.coming.begin()->first <= load.now) {
      const auto request = load.coming.begin()->second;
      load.coming.erase(load.coming.begin());
      load.offer(request, true);
    }
    advance(10ms);
  }
  INFO(load.returned_in << " of " << load.returned << ", served " << load.served);
  CHECK(load.returned > 300);
  CHECK(load.returned_in * 100 >= load.returned * 80);
  // Keeping places free costs next to no work.
  CHECK(load.served >= 560);
  // After the first seconds, which guess, about as many are told to come in a second as can be served in it: ten.
  int most = 0;
  for (const auto& [second, count] : load.told)
    if (second > 20)
      most = std::max(most, count);
  CHECK(most <= 15);
}
