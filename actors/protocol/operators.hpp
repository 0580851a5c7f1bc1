// What operators see: records, counters, states.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "actors/protocol/request.hpp"

namespace troupe {

/// How one sink ended; also the log line.
struct sink_record {
  std::string request_id;
  std::string endpoint;
  std::string model;
  run_id run = 0;
  cache_state cache = cache_state::miss;
  outcome result = outcome::finished;
  /// Set when `result` is failed.
  failure_code code = failure_code::internal_error;
  /// Set when `result` is cancelled.
  detach_reason why = detach_reason::client_gone;
  /// Set when `result` is finished.
  finish_reason finish = finish_reason::none;
  token_usage usage;
  timespan queued{0};
  timespan time_to_first_token{0};
  timespan latency{0};
};

struct step_record {
  worker_id worker = 0;
  timespan duration{0};
  std::uint32_t rows = 0;
  std::uint32_t prefill_tokens = 0;
  std::uint32_t decode_tokens = 0;
  std::uint32_t resident = 0;
  std::uint32_t blocks_used = 0;
  /// Sequences that gave way with this step because blocks ran out.
  std::uint32_t evicted = 0;
  /// Prompt tokens of the sequences that began with this step, and how many of them the KV cache held already.
  std::uint64_t prefix_query_tokens = 0;
  std::uint64_t prefix_hit_tokens = 0;
  /// How many tokens went to each expert, summed over the layers; empty for a model without experts.
  std::vector<std::uint64_t> expert_tokens = {};
};

/// What the scheduler holds of one model.
struct model_load {
  std::string model;
  std::uint32_t waiting = 0;
  std::uint32_t running = 0;
  friend bool operator==(const model_load&, const model_load&) = default;
};

/// How much the scheduler holds, as absolute numbers.
struct scheduler_load {
  std::uint32_t waiting = 0;
  std::uint32_t running = 0;
  /// The same by model, in the order of their names. A model of which nothing is there is missing.
  std::vector<model_load> models = {};
  friend bool operator==(const scheduler_load&, const scheduler_load&) = default;
};

struct cache_load {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::uint64_t evictions = 0;
};

/// One worker as `/health` and `/metrics` show it.
struct worker_status {
  worker_id worker = 0;
  std::string device;
  std::string model;
  std::string dtype;
  worker_state state = worker_state::loading;
  /// Why it is in this state; empty when there is nothing to say.
  std::string reason;
  /// How long it has been so.
  timespan since{0};
  std::uint32_t restarts = 0;
};

struct company_status {
  std::vector<worker_status> workers;
  /// Workers that were given up because they hung, whose threads have not come back.
  std::uint32_t abandoned = 0;
};

/// What became of an operator's order.
struct order_result {
  bool done = false;
  /// Why it was not done, or what there is to say about it.
  std::string reason;
  /// The kind of that reason.
  order_refusal refusal = order_refusal::none;
};

/// What a reload of the config changed.
struct reload_result {
  /// False when the new config does not hold: nothing has changed, and `reason` says why.
  bool done = false;
  std::string reason;
  std::vector<worker_id> started;
  std::vector<worker_id> draining;
  std::uint32_t kept = 0;
};

/// Five-number summary of a sliding window, in seconds. All zero while nothing was seen.
struct distribution {
  std::uint64_t count = 0;
  double mean = 0;
  double min = 0;
  double max = 0;
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
};

struct worker_metrics {
  worker_id worker = 0;
  std::string device;
  std::uint32_t resident = 0;
  std::uint32_t slots = 0;
  std::uint32_t blocks_used = 0;
  std::uint32_t blocks = 0;
  std::uint64_t steps = 0;
  distribution step_time;
  /// Mean rows of a step over the window.
  double mean_rows = 0;
  std::uint64_t prefill_tokens = 0;
  std::uint64_t decode_tokens = 0;
  std::uint64_t evicted = 0;
  std::uint64_t prefix_query_tokens = 0;
  std::uint64_t prefix_hit_tokens = 0;
  worker_state state = worker_state::loading;
  std::uint32_t restarts = 0;
};

struct count_by_name {
  std::string name;
  std::uint64_t count = 0;
};

struct metrics_snapshot {
  timespan uptime{0};
  /// Requests that came in; those that have not ended; and those that have, which are the three below.
  std::uint64_t started_requests = 0;
  std::uint64_t live_requests = 0;
  std::uint64_t total_requests = 0;
  std::uint64_t successful_requests = 0;
  std::uint64_t failed_requests = 0;
  std::uint64_t cancelled_requests = 0;
  /// By failure code, and by why they were cancelled.
  std::vector<count_by_name> failures;
  std::vector<count_by_name> cancellations;
  std::uint64_t cache_hits = 0;
  std::uint64_t cache_misses = 0;
  std::uint64_t cache_coalesced = 0;
  std::uint64_t cache_bypasses = 0;
  double cache_hit_rate = 0;
  cache_load cache;
  distribution latency;
  distribution time_to_first_token;
  distribution queue_time;
  std::uint32_t requests_running = 0;
  std::uint32_t requests_waiting = 0;
  std::uint64_t prompt_tokens = 0;
  std::uint64_t completion_tokens = 0;
  double tokens_per_second = 0;
  bool meets_sla = true;
  double objective_seconds = 0;
  double objective_window_seconds = 0;
  /// How long no step has ended although there is work; zero when there is none.
  timespan stalled{0};
  std::vector<worker_metrics> workers;
  /// The running and the waiting, by model.
  std::vector<model_load> models;
};

} // namespace troupe
