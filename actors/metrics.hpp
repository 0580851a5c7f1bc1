// Counts what the company does, and writes the one log line of each request.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "actors/metrics_page.hpp"
#include "actors/options.hpp"
#include "actors/percentiles.hpp"
#include "actors/protocol/interfaces.hpp"

namespace troupe {

/// Every number of the company, as plain data. Each call says what time it is, which never goes back.
///
/// A request is counted as started when it comes in and in the total when its sink has ended: at every moment the total
/// is the sum of what succeeded, failed and was cancelled, and with what lives it is what was started. The hit rate is
/// hits / (hits + misses + coalesced): requests that bypass the cache do not count, nor do those that were refused
/// before a run could start. Latencies are those of requests that succeeded, times to the first token those of all that
/// had one, queue times those of all that had a run. Tokens a second are the decoded tokens of the last ten seconds'
/// steps; the token totals are those of the requests that ended, whether they were computed for each or shared.
///
/// The company stalls from the last step's end on, or from when there was work if that is later. There is work while
/// sequences run, or while some wait and a worker of their model is ready.
class metrics_board {
public:
  metrics_board(metrics_options options, time_point start);

  void request_started() { ++started_; }
  void take(const sink_record& x, time_point now);
  void take(const step_record& x, time_point now);
  void take(const worker_ready& x);
  void take(const worker_status& x, time_point now);
  /// A worker that does not come back is forgotten.
  void take(const worker_gone& x, time_point now);
  void take(const scheduler_load& x, time_point now);
  void take(const cache_load& x) { cache_ = x; }

  metrics_snapshot snapshot(time_point now);

private:
  struct worker_board {
    sample_window step_time;
    sample_window rows;
    worker_ready ready{};
    step_record last{};
    /// As its status says it, which comes before it is ready.
    std::string device{};
    std::string model{};
    worker_state state = worker_state::loading;
    std::uint32_t restarts = 0;
    std::uint64_t steps = 0;
    std::uint64_t prefill_tokens = 0;
    std::uint64_t decode_tokens = 0;
    std::uint64_t evicted = 0;
    std::uint64_t prefix_query_tokens = 0;
    std::uint64_t prefix_hit_tokens = 0;
  };
  worker_board& worker_of(worker_id id);
  void count_outcome(const sink_record& x);
  void count_cache(const sink_record& x);
  bool has_work() const;
  /// Begins to look for progress when work has come.
  void look_for_work(time_point now);
  static worker_metrics metrics_of(worker_id id, worker_board& x, time_point now);

  metrics_options options_;
  time_point start_;
  std::uint64_t started_ = 0;
  std::uint64_t successful_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t cancelled_ = 0;
  std::map<std::string_view, std::uint64_t> failures_;
  std::map<std::string_view, std::uint64_t> cancellations_;
  /// By `cache_state`.
  std::array<std::uint64_t, 4> by_cache_{};
  std::uint64_t prompt_tokens_ = 0;
  std::uint64_t completion_tokens_ = 0;
  scheduler_load scheduler_;
  /// When progress was last made, or work came that nobody had begun; nothing while there is no work.
  std::optional<time_point> moved_;
  cache_load cache_;
  sample_window latency_;
  sample_window first_token_;
  sample_window queued_;
  rate_window decoded_;
  std::map<worker_id, worker_board> workers_;
};

/// The log line of one ended request: its id, sizes, times and outcome, never its text. Words that come from a client
/// are cut to 128 bytes and hold no byte that would break a line or a JSON string.
std::string log_line(const sink_record& x);

struct metrics_state {
  std::optional<metrics_board> board;
  std::optional<metrics_page> page;
};

/// The metrics actor.
metrics_actor::behavior_type metrics(metrics_actor::stateful_pointer<metrics_state> self, metrics_options options);

} // namespace troupe
