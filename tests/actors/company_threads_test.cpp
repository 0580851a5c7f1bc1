// The company on real threads, as it serves: what the thread sanitizer sees of the actors.
#include <catch2/catch.hpp>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include "actors/company.hpp"
#include "tests/support/fake_engine.hpp"
#include "tests/support/tiny_text.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

constexpr sink_id requests_per_client = 120;

/// What an edge's sinks were told. Thread safe: the edge writes, the test waits.
class ledger {
public:
  void text(sink_id sink, const std::string& more) {
    std::lock_guard lock{mutex_};
    texts_[sink] += more;
  }
  void end(sink_id sink) {
    std::lock_guard lock{mutex_};
    ended_.insert(sink);
    changed_.notify_all();
  }
  /// False when these sinks have not all ended after some seconds.
  bool wait_for(const std::set<sink_id>& sinks) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(
      lock, 60s, [&] { return std::includes(ended_.begin(), ended_.end(), sinks.begin(), sinks.end()); });
  }
  std::string text_of(sink_id sink) {
    std::lock_guard lock{mutex_};
    return texts_[sink];
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<sink_id, std::string> texts_;
  std::set<sink_id> ended_;
};

edge_actor::behavior_type writing_edge(edge_actor::pointer, std::shared_ptr<ledger> heard) {
  return {
    [](const answer_admitted&) {},
    [](const answer_started&) {},
    [heard](const answer_text& x) { heard->text(x.sink, x.text); },
    [heard](const answer_finished& x) { heard->end(x.sink); },
    [heard](const answer_failed& x) {
      heard->text(x.sink, x.reason.message);
      heard->end(x.sink);
    },
  };
}

fake_engine_options small_engine() {
  fake_engine_options out;
  out.vocabulary = tiny_vocabulary;
  out.eos = tiny_im_end;
  return out;
}

worker_options small_worker(std::size_t step_tokens) {
  worker_options out;
  out.model = "tiny";
  out.step_tokens = step_tokens;
  out.eos = {tiny_im_end};
  return out;
}

/// Has log lines written to nowhere instead of not at all, as other tests have it.
struct quiet_log {
  quiet_log() {
    spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("quiet", std::make_shared<spdlog::sinks::null_sink_mt>()));
  }
  ~quiet_log() { spdlog::set_default_logger(before); }
  quiet_log(const quiet_log&) = delete;
  quiet_log& operator=(const quiet_log&) = delete;

  std::shared_ptr<spdlog::logger> before = spdlog::default_logger();
};

/// The company as `serve` starts it, on engines without tensors.
struct threaded_company {
  threaded_company() {
    company_options options;
    options.generation.encode_inline_bytes = 32;
    options.supervisor.drills = true;
    options.supervisor.restart_delay = 1ms;
    options.workers = {small_worker(24), small_worker(24)};
    world outside;
    outside.random = [n = std::uint64_t{0}]() mutable { return ++n; };
    outside.load_engine = fake_loader(small_engine());
    outside.read_workers = [] { return std::vector{small_worker(24), small_worker(16)}; };
    actors = start_company(sys, options, outside, tiny_texts(256));
  }
  ~threaded_company() { stop_company(actors); }

  quiet_log log;
  company_config config;
  caf::actor_system sys{config};
  company actors;
};

/// Prompts repeat, so that some are found in the cache and some join a run; every third goes through the encoder.
native_request request_number(sink_id i) {
  native_request out;
  out.model = "tiny";
  out.form = prompt_form::text;
  out.prompt = "prompt " + std::to_string(i % 25);
  if (i % 3 == 0)
    out.prompt += std::string(60, '.');
  out.params.max_tokens = 20;
  out.params.has_seed = true;
  out.params.seed = 5;
  return out;
}

std::string lone_answer(const native_request& request) {
  engine::sampling_params sampling;
  sampling.temperature = request.params.temperature;
  sampling.seed = request.params.seed;
  const auto tokens = expected_answer(small_engine(), tiny_tokens(request.prompt), request.params.max_tokens, sampling);
  return tiny_text(256).tokenizer->decode(tokens, true);
}

/// A thread with an edge of its own. Every fifth request is given up at once.
class client {
public:
  explicit client(threaded_company& to) : edge_{to.sys.spawn(writing_edge, heard)} {
    thread_ = std::thread([gateway = to.actors.gateway, edge = edge_] {
      for (sink_id sink = 1; sink <= requests_per_client; ++sink) {
        caf::anon_send(gateway, submit_atom_v, request_number(sink), edge, sink);
        if (given_up(sink))
          caf::anon_send(gateway, detach_atom_v, sink, detach_reason::client_gone);
      }
    });
  }
  ~client() {
    thread_.join();
    caf::anon_send_exit(edge_, caf::exit_reason::user_shutdown);
  }
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  static bool given_up(sink_id sink) { return sink % 5 == 0; }

  std::shared_ptr<ledger> heard = std::make_shared<ledger>();

private:
  edge_actor edge_;
  std::thread thread_;
};

template <class Result, class Handle, class... Ts>
std::optional<Result> ask(caf::scoped_actor& self, const Handle& actor, Ts&&... message) {
  std::optional<Result> out;
  self->request(actor, 30s, std::forward<Ts>(message)...)
    .receive([&](Result& x) { out = std::move(x); }, [](const caf::error&) {});
  return out;
}

bool works(const worker_status& worker) {
  return worker.state == worker_state::ready;
}

void wait_for_workers(caf::scoped_actor& self, const threaded_company& it) {
  for (int i = 0; i < 1000; ++i) {
    const auto now = ask<company_status>(self, it.actors.supervisor, status_atom_v);
    if (now && std::all_of(now->workers.begin(), now->workers.end(), works))
      return;
    std::this_thread::sleep_for(10ms);
  }
  FAIL("the workers are not ready");
}

void check_answers(client& from) {
  std::set<sink_id> waiting;
  for (sink_id sink = 1; sink <= requests_per_client; ++sink)
    if (!client::given_up(sink))
      waiting.insert(sink);
  REQUIRE(from.heard->wait_for(waiting));
  for (const auto sink : waiting)
    CHECK(from.heard->text_of(sink) == lone_answer(request_number(sink)));
}

} // namespace

TEST_CASE("on real threads every answer is the one that its request gets alone, whatever happens to a worker") {
  threaded_company it;
  caf::scoped_actor self{it.sys};
  wait_for_workers(self, it);
  client one{it};
  client two{it};
  CHECK(ask<order_result>(self, it.actors.supervisor, drill_atom_v, worker_id{1}, drill_kind::die)->done);
  CHECK(ask<reload_result>(self, it.actors.supervisor, reload_atom_v)->done);
  CHECK(ask<metrics_snapshot>(self, it.actors.metrics, snapshot_atom_v));
  CHECK(ask<std::string>(self, it.actors.metrics, expose_atom_v));
  CHECK(ask<std::uint64_t>(self, it.actors.cache, clear_atom_v));
  check_answers(one);
  check_answers(two);
  CHECK(ask<company_status>(self, it.actors.supervisor, status_atom_v));
  CHECK(ask<std::uint64_t>(self, it.actors.gateway, drain_atom_v, timespan{5s}) == 0);
}
