// An edge between a small company of real actors and an io thread that is a queue of functions here.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "http/edge.hpp"

namespace troupe::http::test {

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
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{5};
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
  void admitted(const answer_admitted&) override {}
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
inline gateway_actor::behavior_type echo_gateway(
  gateway_actor::pointer self, std::shared_ptr<std::atomic<int>> detached) {
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
    [](ended_atom, sink_id, const token_usage&) {},
    [](tick_atom) {},
    [](drain_atom, timespan) { return std::uint64_t{0}; },
  };
}

inline cache_actor::behavior_type small_cache() {
  return {
    [](lookup_atom, const admitted_request&, const edge_actor&, sink_id, const gateway_actor&) {},
    [](detach_atom, sink_id, detach_reason) {},
    [](finished_atom, run_id, const finished_answer&) {},
    [](ended_atom, run_id) {},
    [](clear_atom) { return std::uint64_t{12}; },
  };
}

/// Its only token is the length of the prompt; a text has as many dots as tokens.
inline encoder_actor::behavior_type small_encoder() {
  return {
    [](const encode_request&, const generation_actor&) {},
    [](tokenize_atom, const native_request& request) {
      encoded_prompt out;
      out.tokens = {static_cast<token_id>(request.prompt.size())};
      return out;
    },
    [](detokenize_atom, const token_list& list) { return std::string(list.tokens.size(), '.'); },
  };
}

inline supervisor_actor::behavior_type small_supervisor() {
  return {
    [](const worker_ready&, const worker_actor&) {},
    [](const worker_failed&) {},
    [](stalled_atom, worker_id, timespan) {},
    [](drained_atom, worker_id) {},
    [](restart_atom, worker_id) {},
    [](const scheduler_load&) {},
    [](tick_atom) {},
    [](restart_atom, const std::string&) {},
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

inline metrics_actor::behavior_type small_metrics() {
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
    company = {sys.spawn(echo_gateway, detached), sys.spawn(small_cache), sys.spawn(small_supervisor),
      sys.spawn(small_metrics), sys.spawn(small_encoder)};
    port = make_edge(sys, company, 3, io.post());
  }
  ~small_company() {
    port.reset();
    end(company.gateway);
    end(company.cache);
    end(company.supervisor);
    end(company.metrics);
    end(company.tokens_desk);
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

} // namespace troupe::http::test
