// The edge between real actors and an io thread that is a queue of functions here.
#include <catch2/catch.hpp>

#include <algorithm>
#include <thread>

#include "tests/http/small_company.hpp"

using namespace troupe;
using namespace troupe::http;
using namespace troupe::http::test;
using namespace std::chrono_literals;

TEST_CASE("an answer crosses the edge in order and ends once") {
  small_company c;
  std::vector<recorder> listeners(20);
  const std::string text = "the quick brown fox jumps over the lazy dog";
  for (auto& x : listeners) {
    const auto sink = c.port->submit(c.prompt(text), x);
    CHECK(sink >> 48 == 3);
  }
  CHECK(c.io.until(
    [&] { return std::all_of(listeners.begin(), listeners.end(), [](const recorder& x) { return x.ended(); }); }));
  for (auto& x : listeners) {
    CHECK(x.starts == 1);
    CHECK(x.all == text);
    CHECK(x.usage.completion_tokens == 6);
  }
  CHECK(c.io.posts() < 20 * static_cast<int>(text.size()));
}

TEST_CASE("what has gathered for an io thread comes with one post") {
  small_company c;
  recorder listener;
  c.port->submit(c.prompt(std::string(5000, 'x')), listener);
  // The io thread sleeps while the actors work.
  std::this_thread::sleep_for(300ms);
  CHECK(c.io.posts() == 1);
  CHECK(c.io.until([&] { return listener.ended(); }));
  CHECK(listener.all.size() == 5000);
}

TEST_CASE("a detached listener hears nothing more, and the gateway hears of it") {
  small_company c;
  recorder listener;
  const auto sink = c.port->submit(c.prompt("hello"), listener);
  c.port->detach(sink, detach_reason::client_gone);
  c.port->detach(sink, detach_reason::client_gone);
  recorder other;
  c.port->submit(c.prompt("other"), other);
  CHECK(c.io.until([&] { return other.ended(); }));
  CHECK(listener.starts == 0);
  CHECK_FALSE(listener.ended());
  for (int i = 0; i < 200 && *c.detached == 0; ++i)
    std::this_thread::sleep_for(5ms);
  CHECK(*c.detached == 1);
}

TEST_CASE("operators' questions are answered by those who know") {
  small_company c;
  std::optional<company_status> status;
  std::optional<metrics_snapshot> metrics;
  std::optional<std::uint64_t> cleared;
  std::optional<std::string> page;
  c.port->ask_status([&](auto x) { status = std::move(x); });
  c.port->ask_metrics([&](auto x) { metrics = std::move(x); });
  c.port->expose_metrics([&](auto x) { page = std::move(x); });
  c.port->clear_cache([&](auto x) { cleared = x; });
  CHECK(c.io.until([&] { return status && metrics && cleared && page; }));
  CHECK(page == "# none");
  CHECK(status->workers.size() == 3);
  CHECK(metrics->total_requests == 9);
  CHECK(cleared == 12);
}

TEST_CASE("operators' orders go to the supervisor, and what became of them comes back") {
  small_company c;
  std::optional<order_result> done;
  std::optional<order_result> refused;
  std::optional<reload_result> reloaded;
  c.port->drill(2, drill_kind::hang, [&](auto x) { done = std::move(x); });
  c.port->drill(2, drill_kind::die, [&](auto x) { refused = std::move(x); });
  c.port->reload([&](auto x) { reloaded = std::move(x); });
  CHECK(c.io.until([&] { return done && refused && reloaded; }));
  CHECK(done->done);
  CHECK_FALSE(refused->done);
  CHECK(refused->refusal == order_refusal::not_ready);
  CHECK(reloaded->started == std::vector<worker_id>{4});
}

TEST_CASE("a question to an actor that is gone gets nothing, at once") {
  small_company c;
  c.end(c.company.metrics);
  caf::scoped_actor self{c.sys};
  self->wait_for(c.company.metrics);
  bool answered = false;
  c.port->ask_metrics([&](auto x) { answered = !x; });
  CHECK(c.io.until([&] { return answered; }));
}

TEST_CASE("when the gateway ends, what runs and what comes later fails instead of hanging") {
  small_company c;
  recorder waiting;
  c.port->submit(c.prompt("wait"), waiting);
  c.end(c.company.gateway);
  CHECK(c.io.until([&] { return waiting.ended(); }));
  REQUIRE(waiting.failures.size() == 1);
  CHECK(waiting.failures[0].code == failure_code::draining);
  recorder late;
  c.port->submit(c.prompt("late"), late);
  bool answered = false;
  c.port->ask_status([&](auto x) { answered = !x; });
  CHECK_FALSE(late.ended());
  CHECK(c.io.until([&] { return late.ended() && answered; }));
  CHECK(waiting.failures.size() == 1);
}

TEST_CASE("a port may go while answers are on their way") {
  small_company c;
  recorder listener;
  c.port->submit(c.prompt(std::string(1000, 'x')), listener);
  c.port.reset();
  std::this_thread::sleep_for(20ms);
  c.io.run_all();
  CHECK_FALSE(listener.ended());
}
