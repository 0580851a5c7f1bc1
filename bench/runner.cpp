#include "bench/runner.hpp"

#include <chrono>
#include <csignal>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>

#include "bench/client.hpp"
#include "bench/workload.hpp"

namespace troupe::bench {

namespace asio = boost::asio;

namespace {

/// What the clients of a scenario, or of the warm-up, share: the next question, and a place for what came of it.
class scenario_run {
public:
  scenario_run(const plan& p, const resolved_server& server, workload work, const progress_listener& listener)
      : plan_{p},
        server_{server},
        listener_{listener},
        work_{std::move(work)} {
    progress_.kind = work_.kind;
    progress_.total = work_.questions.size();
    result_.kind = work_.kind;
    result_.clients = work_.clients;
  }

  /// Returns when all is answered, or when somebody else stops `io`.
  scenario_result run(asio::io_context& io) {
    listener_(progress_);
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < work_.clients; ++i)
      asio::co_spawn(io, ask_questions(io), [](const std::exception_ptr& error) {
        if (error)
          std::rethrow_exception(error);
      });
    io.restart();
    io.run();
    result_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    result_.interrupted = progress_.done < progress_.total;
    return std::move(result_);
  }

private:
  /// One client: asks until nothing is left.
  asio::awaitable<void> ask_questions(asio::io_context& io) {
    client c{io, server_, plan_};
    while (next_ < work_.questions.size()) {
      const question& q = work_.questions[next_++];
      sample s = co_await c.ask(q);
      ++progress_.done;
      if (!s.failure.empty())
        ++progress_.failed;
      result_.samples.push_back(std::move(s));
      listener_(progress_);
    }
    // The signals are still waited for, so `io` has no end of its own.
    if (progress_.done == progress_.total)
      io.stop();
  }

  const plan& plan_;
  const resolved_server& server_;
  const progress_listener& listener_;
  workload work_;
  std::size_t next_ = 0;
  progress progress_;
  scenario_result result_;
};

} // namespace

std::vector<scenario_result> run_plan(const plan& p, const progress_listener& listener) {
  const resolved_server server = resolve(p.server);
  std::vector<scenario_result> results;
  asio::io_context io{1};
  asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&io](boost::system::error_code, int) { io.stop(); });
  if (p.warmup > 0) {
    const progress_listener nobody = [](const progress&) {};
    results.push_back(scenario_run{p, server, make_warmup(p), nobody}.run(io));
    results.back().samples.clear();
    if (results.back().interrupted)
      return results;
    results.clear();
  }
  for (const scenario kind : p.scenarios) {
    results.push_back(scenario_run{p, server, make_workload(p, kind), listener}.run(io));
    if (results.back().interrupted)
      break;
  }
  return results;
}

} // namespace troupe::bench
