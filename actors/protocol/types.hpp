// The plain values that messages are made of. No tensor, no JSON value, no pointer.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/engine.hpp"

namespace troupe {

using engine::token_id;

/// Names one run: one generation, whoever listens to it.
using run_id = std::uint64_t;
/// Names one listener of a run, unique in the process: the edge's index in the top 16 bits, a counter below.
using sink_id = std::uint64_t;
/// Names one worker of the company, as in `/health`.
using worker_id = std::uint32_t;
/// Minted by the scheduler, one per placement. What an older epoch says counts for nothing.
using epoch_id = std::uint64_t;

using timespan = std::chrono::nanoseconds;

/// One choice of a run (n > 1 has several).
struct sequence_key {
  run_id run = 0;
  std::uint32_t choice = 0;
  friend auto operator<=>(const sequence_key&, const sequence_key&) = default;
};

enum class work_kind : std::uint8_t { generate, embed, score };
enum class finish_reason : std::uint8_t { none, stop, length };
/// How an answer came about, as `X-Cache` says it.
enum class cache_state : std::uint8_t { miss, hit, coalesced, bypass };
enum class cache_policy : std::uint8_t { use, bypass };
enum class prompt_form : std::uint8_t { messages, text, tokens };
enum class detach_reason : std::uint8_t { client_gone, slow_reader, deadline, shutdown };
enum class outcome : std::uint8_t { finished, failed, cancelled };
enum class worker_state : std::uint8_t { loading, ready, draining, failed, restarting };

/// Why a request failed. `docs/api.md` lists what each means to a client.
enum class failure_code : std::uint8_t {
  invalid_request,
  context_length_exceeded,
  model_not_found,
  queue_full,
  draining,
  no_worker,
  deadline_exceeded,
  slow_reader,
  internal_error,
};

/// A failure as a client sees it.
struct failure {
  failure_code code = failure_code::internal_error;
  std::string message;
  /// The request's field at fault; empty when none is.
  std::string param;
  /// When to come back; zero when that is not known.
  timespan retry_after{0};
};

struct chat_message {
  std::string role;
  std::string content;
  friend bool operator==(const chat_message&, const chat_message&) = default;
};

/// How an answer is drawn and where it ends.
struct generation_params {
  /// Longest answer in tokens; 0 takes what the context leaves.
  std::uint32_t max_tokens = 0;
  float temperature = 0;
  float top_p = 1;
  float min_p = 0;
  std::int32_t top_k = 0;
  /// The gateway draws a seed for a request that has none.
  bool has_seed = false;
  std::uint64_t seed = 0;
  std::vector<std::string> stop;
  bool ignore_eos = false;
  bool logprobs = false;
  std::uint32_t choices = 1;
};

/// What the wire's JSON becomes before anything acts on it.
struct native_request {
  /// As in `X-Request-Id`.
  std::string request_id;
  /// For the log line: `/v1/chat/completions`.
  std::string endpoint;
  work_kind kind = work_kind::generate;
  std::string model;
  std::string adapter;
  std::string tenant;
  prompt_form form = prompt_form::messages;
  std::vector<chat_message> messages;
  std::string prompt;
  std::vector<token_id> prompt_tokens;
  generation_params params;
  /// Above 0: the oldest messages that are neither the system message nor the last give way until the prompt has at
  /// most this many tokens. At 0 a prompt that does not fit is refused.
  std::uint32_t trim_to_tokens = 0;
  /// Messages that were cut already, by count.
  std::uint32_t trimmed_messages = 0;
  /// Higher runs first.
  std::int32_t priority = 0;
  cache_policy cache = cache_policy::use;
  /// Time from admission after which the request has failed; zero for none.
  timespan timeout{0};

  /// Bytes that the request holds while it waits.
  std::size_t size() const;
};

/// The bytes that two requests must share to have the same answer: model, adapter, tenant, prompt, every parameter.
std::string canonical(const native_request& request);

struct token_usage {
  std::uint32_t prompt_tokens = 0;
  std::uint32_t completion_tokens = 0;
};

/// One token of an answer with its logprob, where they were asked for.
struct token_logprob {
  token_id token = 0;
  /// The token's own bytes: may be part of a character.
  std::string bytes;
  /// A float's bits, so that -inf survives the wire.
  std::uint32_t logprob_bits = 0;
};

// -- to an edge -----------------------------------------------------------------------------------------------------

/// The request holds: it is queued, joined or answered. Comes once, before any text.
struct answer_started {
  sink_id sink = 0;
  run_id run = 0;
  cache_state cache = cache_state::miss;
  token_usage usage;
};

/// More of one choice's text. `finish` is set with a choice's last one.
struct answer_text {
  sink_id sink = 0;
  std::uint32_t choice = 0;
  std::string text;
  std::vector<token_logprob> tokens;
  finish_reason finish = finish_reason::none;
};

/// The sink's end: the whole answer was sent.
struct answer_finished {
  sink_id sink = 0;
  token_usage usage;
  std::uint32_t truncated_messages = 0;
  /// From admission to the first token, and to the end.
  timespan time_to_first_token{0};
  timespan latency{0};
};

/// The sink's end: there is no (more) answer.
struct answer_failed {
  sink_id sink = 0;
  failure reason;
};

// -- between gateway, cache and generation --------------------------------------------------------------------------

/// A request on its way from the gateway through the cache.
struct admitted_request {
  run_id run = 0;
  native_request request;
  /// False when the queue is full: a hit or a run to join may still serve it, a new run may not start.
  bool may_start = true;
  /// What a refusal says.
  failure refusal;
};

/// A whole answer, as the cache keeps it.
struct finished_answer {
  struct choice {
    std::string text;
    std::vector<token_logprob> tokens;
    finish_reason finish = finish_reason::stop;
  };
  std::vector<choice> choices;
  token_usage usage;
  std::uint32_t truncated_messages = 0;

  std::size_t size() const;
};

/// A prompt to render and tokenize away from the token path.
struct encode_request {
  run_id run = 0;
  native_request request;
};

/// A tokenized prompt, or why there is none.
struct encoded_prompt {
  run_id run = 0;
  std::vector<token_id> tokens;
  std::uint32_t truncated_messages = 0;
  bool ok = true;
  failure reason;
};

// -- between generation, scheduler and worker -----------------------------------------------------------------------

/// A sequence that wants a place.
struct placement_request {
  sequence_key key;
  work_kind kind = work_kind::generate;
  std::string model;
  std::string adapter;
  /// Seeds block hashes, so that no tenant's cache serves another.
  std::string tenant_salt;
  /// The prompt, and after a resumption the tokens accepted so far.
  std::vector<token_id> tokens;
  /// How many of `tokens` are the prompt.
  std::uint32_t prompt_tokens = 0;
  /// Bound on generated tokens, those accepted before counted in.
  std::uint32_t max_tokens = 0;
  engine::sampling_params sampling;
  bool ignore_eos = false;
  std::int32_t priority = 0;
  /// How long the run has waited before this request (it keeps its turn when it is resumed).
  timespan waited{0};
};

/// A placement: what a worker is told to take in.
struct assignment {
  placement_request work;
  epoch_id epoch = 0;
  /// Counts the assignments to this worker, from 1; `room` says the last one seen.
  std::uint64_t number = 0;
  /// Who gives way when blocks run out: the highest rank first.
  std::uint64_t rank = 0;
};

/// Tells a generation where it runs, before any of the epoch's tokens.
struct placement {
  sequence_key key;
  epoch_id epoch = 0;
  worker_id worker = 0;
};

/// New tokens of one sequence. Counts only if the epoch is current and `first_position` is the next position.
struct sequence_tokens {
  sequence_key key;
  epoch_id epoch = 0;
  /// Position in the whole sequence (prompt counted) of the first of `tokens`.
  std::uint32_t first_position = 0;
  std::vector<token_id> tokens;
  /// One per token, or none.
  std::vector<std::uint32_t> logprob_bits;
  /// Set with the sequence's last tokens.
  finish_reason finish = finish_reason::none;
};

/// A sequence that its worker cannot finish.
struct sequence_failed {
  sequence_key key;
  epoch_id epoch = 0;
  failure reason;
};

/// A sequence that lost its place (its worker died, or its blocks were needed): it is to be placed anew.
struct sequence_lost {
  sequence_key key;
  epoch_id epoch = 0;
};

/// All that a step gave. One message per step, to the fan_out.
struct step_report {
  worker_id worker = 0;
  std::vector<sequence_tokens> tokens;
  std::vector<sequence_failed> failed;
};

/// Why a sequence left its worker.
enum class departure_reason : std::uint8_t { finished, removed, failed, evicted };

struct departure {
  sequence_key key;
  epoch_id epoch = 0;
  departure_reason reason = departure_reason::finished;
};

/// What a worker can take, after a step or a change. The scheduler subtracts what is on its way.
struct room {
  worker_id worker = 0;
  std::uint64_t last_admit_seen = 0;
  std::uint32_t free_slots = 0;
  std::uint32_t free_blocks = 0;
  std::vector<departure> left;
};

/// A worker that has loaded its model.
struct worker_ready {
  worker_id worker = 0;
  std::string model;
  std::string device;
  std::string dtype;
  std::uint32_t slots = 0;
  std::uint32_t blocks = 0;
  std::uint32_t block_size = 0;
  std::uint32_t context = 0;
  std::uint64_t weight_bytes = 0;
  std::uint64_t kv_bytes = 0;
};

/// A worker that cannot load, or whose step failed in a way that ends it.
struct worker_failed {
  worker_id worker = 0;
  std::string reason;
  /// Whether a restart can help (a broken step) or cannot (a broken model).
  bool retry = true;
};

// -- to operators ---------------------------------------------------------------------------------------------------

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
};

/// How much the scheduler holds, as absolute numbers.
struct scheduler_load {
  std::uint32_t waiting = 0;
  std::uint32_t running = 0;
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
};

struct count_by_name {
  std::string name;
  std::uint64_t count = 0;
};

struct metrics_snapshot {
  timespan uptime{0};
  std::uint64_t total_requests = 0;
  std::uint64_t successful_requests = 0;
  std::uint64_t failed_requests = 0;
  std::uint64_t cancelled_requests = 0;
  std::vector<count_by_name> failures;
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
  std::vector<worker_metrics> workers;
};

} // namespace troupe
