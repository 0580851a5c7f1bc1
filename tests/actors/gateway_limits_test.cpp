// What the gateway gives to whom when there is not enough: rates of keys, and a full queue.
#include <catch2/catch.hpp>

#include <deque>
#include <map>
#include <random>

#include "tests/support/gateway_fixture.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

TEST_CASE_METHOD(
  gateway_fixture, "a key with limits hears what it has left before anything else, also with a refusal") {
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

TEST_CASE_METHOD(gateway_fixture, "tokens that were set aside come back when a request has used fewer") {
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

TEST_CASE_METHOD(gateway_fixture, "what a key never has is the request's fault, and no matter of time") {
  native_request request;
  request.rate = {"ada", 0, 100};
  request.params.max_tokens = 101;
  submit(1, request);
  REQUIRE(heard->sinks[1].failed);
  CHECK(heard->sinks[1].failed->reason.code == failure_code::invalid_request);
  CHECK(heard->sinks[1].failed->reason.message.find("may take 101") != std::string::npos);
}

TEST_CASE_METHOD(gateway_fixture, "who was told to come back is let in before newcomers") {
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
  overload(gateway_fixture& of, std::size_t sequences, timespan each) : company(of), batch(sequences), duration(each) {}

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

  /// A batch is taken in whole and ends within a tenth of its time: that is what equal requests come to.
  void work() {
    while (!running.empty() && running.begin()->first <= now) {
      company.tell(company.door, ended_atom_v, running.begin()->second, token_usage{3, 4});
      running.erase(running.begin());
      ++served;
    }
    if (!running.empty())
      return;
    for (; running.size() < batch && !queue.empty(); queue.pop_front()) {
      company.tell(company.door, placed_atom_v, queue.front());
      const auto least = duration * 9 / 10;
      const auto most = duration * 11 / 10 - least;
      running.emplace(now + least + timespan{static_cast<std::int64_t>(random() % most.count())}, queue.front());
    }
  }

  /// A newcomer every 10 ms for a minute, and those who were told to come.
  void minute() {
    for (; now < 60s; now += 10ms) {
      work();
      newcomer();
      while (!coming.empty() && coming.begin()->first <= now) {
        const auto request = coming.begin()->second;
        coming.erase(coming.begin());
        offer(request, true);
      }
      company.advance(10ms);
    }
  }

  gateway_fixture& company;
  std::mt19937 random{7};
  timespan now{0};
  std::size_t batch;
  timespan duration;
  std::uint64_t clients = 0;
  sink_id sinks = 0;
  std::multimap<timespan, sink_id> running;
  std::size_t lookups = 0;
  std::deque<sink_id> queue;
  std::multimap<timespan, native_request> coming;
  std::map<std::int64_t, int> told;
  std::size_t returned = 0;
  std::size_t returned_in = 0;
  std::size_t served = 0;
};

struct roomy_fixture : gateway_fixture {
  roomy_fixture() : gateway_fixture(16, 1000) {}
};

struct batching_fixture : gateway_fixture {
  batching_fixture() : gateway_fixture(64, 4000) {}
};

} // namespace

TEST_CASE_METHOD(roomy_fixture, "under ten times the load, who comes back when told to gets in at once") {
  overload load{*this, 1, 100ms};
  load.minute();
  INFO(load.returned_in << " of " << load.returned << ", served " << load.served);
  CHECK(load.returned > 300);
  CHECK(load.returned_in * 100 >= load.returned * 80);
  // Keeping places free costs next to no work.
  CHECK(load.served >= 560);
  // After the first seconds, which guess, fewer are told to come in a second than can be served in it: ten.
  int most = 0;
  for (const auto& [second, count] : load.told)
    if (second > 20)
      most = std::max(most, count);
  CHECK(most <= 15);
}

TEST_CASE_METHOD(batching_fixture, "a promise holds, too, where whole batches end at once") {
  overload load{*this, 16, 1600ms};
  load.minute();
  INFO(load.returned_in << " of " << load.returned << ", served " << load.served);
  CHECK(load.returned > 200);
  CHECK(load.returned_in * 100 >= load.returned * 80);
  CHECK(load.served >= 500);
}
