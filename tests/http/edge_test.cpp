// The edge between real actors and an io thread that is a queue of functions here.
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "http/edge.hpp"

using namespace troupe;
using namespace troupe::http;
using namespace std::chrono_literals;

namespace {

class test_config : public caf::actor_system_config {
public:
  test_config() {
    add_message_types<caf::id_block::troupe>();
    add_message_types<caf::id_block::troupe_handles>();
    set("scheduler.max-threads", 2);
    set("scheduler.policy", caf::atom("sharing"));
  }
};

/// An io thread that runs when the test says so, in the test's thread.
class hand_run {
public:
  poster post() {
    return [this](std::function<void()> call) {
      std::lock_guard lock{mutex_};
      calls_.push_back(std::move(call));
      ++posts_;
      changed_.notify_all();
    };
  }

  /// Runs what comes until `done` holds; false when it does not in some seconds.
  bool until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + 5s;
    while (!done()) {
      std::function<void()> call;
      {
        std::unique_lock lock{mutex_};
        if (!changed_.wait_until(lock, end, [this] { return !calls_.empty(); }))
          return false;
        call = std::move(calls_.front());
        calls_.pop_front();
      }
      call();
    }
    return true;
  }

  void run_all() {
    std::deque<std::function<void()>> calls;
    {
      std::lock_guard lock{mutex_};
      calls.swap(calls_);
    }
    for (auto& call : calls)
      call();
  }

  int posts() {
    std::lock_guard lock{mutex_};
    return posts_;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> calls_;
  int posts_ = 0;
};

struct recorder : answer_listener {
  void started(const answer_started&) override { ++starts; }
  void text(answer_text event) override { all += event.text; }
  void finished(const answer_finished& event) override { usage = event.usage; }
  void failed(const failure& reason) override { failures.push_back(reason); }
  bool ended() const { return usage.prompt_tokens != 0 || !failures.empty(); }

  int starts = 0;
  std::string all;
  token_usage usage;
  std::vector<failure> failures;
};

/// Answers each request word by word with its prompt; a prompt of "wait" gets nothing. Counts detached sinks.
gateway_actor::behavior_type echo_gateway(gateway_actor::pointer self, std::shared_ptr<std::atomic<int>> detached) {
  return {
    [self](submit_atom, native_request& request, edge_actor& edge, sink_id sink) {
      if (request.prompt == "wait")
        return;
      self->send(edge, answer_started{sink, 1, cache_state::miss, {}});
      for (char letter : request.prompt)
        self->send(edge, answer_text{sink, 0, std::string{letter}, {}, finish_reason::none});
      self->send(edge, answer_finished{sink, {5, 6}, 0, {}, {}});
    },
    [detached](detach_atom, sink_id, detach_reason) { ++*detached; },
    [](placed_atom, sink_id) {},
    [](ended_atom, sink_id) {},
    [](tick_atom) {},
    [](drain_atom, timespan) { return std::uint64_t{0}; },
  };
}

cache_actor::behavior_type small_cache() {
  return {
    [](lookup_atom, const admitted_request&, const edge_actor&, sink_id, const gateway_actor&) {},
    [](detach_atom, sink_id, detach_reason) {},
    [](finished_atom, run_id, const finished_answer&) {},
    [](ended_atom, run_id) {},
    [](clear_atom) { return std::uint64_t{12}; },
  };
}

supervisor_actor::behavior_type small_supervisor() {
  return {
    [](const worker_ready&, const worker_actor&) {},
    [](const worker_failed&) {},
    [](stalled_atom, worker_id, timespan) {},
    [](drained_atom, worker_id) {},
    [](restart_atom, worker_id) {},
    [](drill_atom, worker_id id, drill_kind what) {
      return order_result{id == 2 && what == drill_kind::hang, "why", order_refusal::not_ready};
    },
    [](reload_atom) {
      return reload_result{true, {}, {4}, {5}, 6};
    },
    [](status_atom) {
      company_status s;
      s.workers.resize(3);
      return s;
    },
  };
}

metrics_actor::behavior_type small_metrics() {
  return {
    [](started_atom) {},
    [](const sink_record&) {},
    [](const step_record&) {},
    [](const worker_ready&) {},
    [](const scheduler_load&) {},
    [](const cache_load&) {},
    [](const worker_status&) {},
    [](const worker_gone&) {},
    [](expose_atom) { return std::string{"# none"}; },
    [](snapshot_atom) {
      metrics_snapshot m;
      m.total_requests = 9;
      return m;
    },
  };
}

struct small_company {
  small_company() {
    company = {
      sys.spawn(echo_gateway, detached), sys.spawn(small_cache), sys.spawn(small_supervisor), sys.spawn(small_metrics)};
    port = make_edge(sys, company, 3, io.post());
  }
  ~small_company() {
    port.reset();
    end(company.gateway);
    end(company.cache);
    end(company.supervisor);
    end(company.metrics);
  }

  template <class Handle>
  static void end(const Handle& actor) {
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  }

  native_request prompt(std::string text) {
    native_request r;
    r.prompt = std::move(text);
    return r;
  }

  std::shared_ptr<std::atomic<int>> detached = std::make_shared<std::atomic<int>>(0);
  test_config config;
  caf::actor_system sys{config};
  hand_run io;
  edge_company company;
  std::unique_ptr<company_port> port;
};

} // namespace

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
