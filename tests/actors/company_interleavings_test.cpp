// The whole company, in many orders of its messages and interrupted at any moment.
#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <set>

#include "tests/support/company_fixture.hpp"

using namespace troupe;
using namespace troupe::test;

TEST_CASE("requests that run together answer as each does alone") {
  for (std::uint64_t seed = 0; seed <= 50; ++seed) {
    INFO("seed " << seed);
    company_fixture it{seed};
    for (sink_id sink = 1; sink <= 20; ++sink) {
      it.submit(sink, it.ask_for(std::string(1 + sink * 5, static_cast<char>('a' + sink)), 3 + sink));
      it.run_some(sink * 3);
    }
    it.run();
    for (sink_id sink = 1; sink <= 20; ++sink) {
      INFO("sink " << sink);
      REQUIRE(it.sink(sink).finished);
      CHECK(it.sink(sink).text() ==
        it.lone_answer(it.ask_for(std::string(1 + sink * 5, static_cast<char>('a' + sink)), 3 + sink)));
    }
    it.check_rest(20);
  }
}

TEST_CASE("a client may leave at any moment, and its neighbours do not notice") {
  const auto left = company_fixture::ask_for(std::string(60, 'l'), 30);
  const auto stays = company_fixture::ask_for(std::string(40, 's'), 30);
  for (std::size_t moment = 0; moment < 150; moment += 3) {
    INFO("after " << moment << " messages");
    company_fixture it{moment % 7};
    it.submit(1, left);
    it.submit(2, stays);
    it.run_some(moment);
    it.detach(1);
    it.run();
    CHECK_FALSE(it.sink(1).failed);
    REQUIRE(it.sink(2).finished);
    CHECK(it.sink(2).text() == it.lone_answer(stays));
    it.check_rest(2);
  }
}

TEST_CASE("the leader of a shared run may hang up at any moment") {
  const auto request = company_fixture::ask_for(std::string(30, 'x'), 20);
  for (std::size_t moment = 0; moment < 120; moment += 3) {
    INFO("after " << moment << " messages");
    company_fixture it{moment % 5};
    it.submit(1, request);
    it.submit(2, request);
    it.run_some(moment);
    it.detach(1);
    it.run_some(moment);
    it.submit(3, request);
    it.run();
    for (const sink_id sink : {2, 3}) {
      REQUIRE(it.sink(sink).finished);
      CHECK(it.sink(sink).text() == it.lone_answer(request));
    }
    it.check_rest(3);
  }
}

TEST_CASE("a stop string that comes in any interleaving frees the place") {
  for (std::uint64_t seed = 0; seed <= 50; ++seed) {
    INFO("seed " << seed);
    company_fixture it{seed};
    auto request = it.ask_for("stop here", 40);
    const auto whole = it.lone_answer(request);
    request.params.stop = {whole.substr(whole.size() / 2, 3)};
    it.submit(1, request);
    it.submit(2, it.ask_for("beside", 40));
    it.run();
    CHECK(it.sink(1).text() == it.lone_answer(request));
    CHECK(it.sink(1).finishes[0] == finish_reason::stop);
    CHECK(it.sink(2).finished);
    it.check_rest(2);
  }
}

TEST_CASE("a storm of every kind of request leaves nothing behind") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    INFO("seed " << seed);
    gateway_options limits;
    limits.max_waiting = 12;
    company_fixture it{seed, limits};
    std::mt19937_64 random{seed};
    std::map<sink_id, native_request> sent;
    std::set<sink_id> left;
    for (sink_id sink = 1; sink <= 60; ++sink) {
      auto request = it.ask_for(std::string(1 + random() % 90, static_cast<char>('a' + random() % 3)),
        1 + static_cast<std::uint32_t>(random() % 40));
      request.cache = random() % 4 == 0 ? cache_policy::bypass : cache_policy::use;
      request.priority = static_cast<std::int32_t>(random() % 3);
      if (random() % 8 == 0)
        request.prompt += poison;
      if (random() % 8 == 0)
        request.prompt = std::string(300, 'x');
      if (random() % 6 == 0)
        request.timeout = 400ms;
      sent[sink] = request;
      it.submit(sink, request);
      it.run_some(random() % 30);
      if (random() % 3 == 0) {
        const auto gone = 1 + random() % sink;
        left.insert(gone);
        it.detach(gone);
      }
      if (random() % 10 == 0)
        it.sched.advance_time(100ms);
    }
    it.run();
    it.advance(1s);
    for (const auto& [sink, request] : sent) {
      INFO("sink " << sink);
      CHECK((it.sink(sink).ended() || left.contains(sink)));
      if (it.sink(sink).finished)
        CHECK(it.sink(sink).text() == it.lone_answer(request));
    }
    it.check_rest(60);
  }
}

TEST_CASE("stopping the company in the middle of work fails what runs and ends every actor") {
  for (std::size_t moment = 0; moment < 120; moment += 6) {
    INFO("after " << moment << " messages");
    company_fixture it{moment % 5};
    it.submit(1, it.ask_for(std::string(80, 'x'), 40));
    it.submit(2, it.ask_for(std::string(80, 'x'), 40));
    it.submit(3, it.ask_for("y", 40));
    it.run_some(moment);
    stop_company(it.actors);
    it.run();
    CHECK(it.heard->breaches.empty());
    CHECK(it.deaths.empty());
    CHECK_FALSE(it.alive(it.actors.metrics));
    CHECK_FALSE(it.alive(it.actors.supervisor));
    CHECK_FALSE(it.alive(it.actors.cache));
  }
}

TEST_CASE("a worker's death is a pause for its clients: no gap, no repeat, no error") {
  for (std::uint64_t seed = 0; seed <= 50; ++seed) {
    INFO("seed " << seed);
    company_fixture it{seed};
    *it.broken = {true, 40, 0};
    for (sink_id sink = 1; sink <= 6; ++sink)
      it.submit(sink, it.ask_for(std::string(3, static_cast<char>('a' + sink)), 40));
    it.run();
    it.advance(2s);
    for (sink_id sink = 1; sink <= 6; ++sink) {
      INFO("sink " << sink);
      REQUIRE(it.sink(sink).finished);
      CHECK(it.sink(sink).text() == it.lone_answer(it.ask_for(std::string(3, static_cast<char>('a' + sink)), 40)));
      CHECK(it.sink(sink).finished->usage.completion_tokens == 40);
    }
    CHECK_FALSE(it.broken->armed);
    const auto status = it.ask<company_status>(it.actors.supervisor, status_atom_v);
    CHECK(status.workers[0].restarts + status.workers[1].restarts == 1);
    it.check_rest(6);
  }
}
