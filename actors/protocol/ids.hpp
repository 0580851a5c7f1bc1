// Names and words that all messages share.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>

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

inline double seconds_of(timespan x) {
  return std::chrono::duration<double>(x).count();
}

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
enum class worker_state : std::uint8_t { loading, ready, draining, failed, restarting, unloaded };
/// What a drill does to a worker: its next step throws, it dies, or it stops working with its thread.
enum class drill_kind : std::uint8_t { throw_step, die, hang };
/// Why an operator's order was not carried out.
enum class order_refusal : std::uint8_t { none, drills_off, no_such_worker, not_ready };

/// Why a request failed. `docs/api.md` lists what each means to a client.
enum class failure_code : std::uint8_t {
  invalid_request,
  context_length_exceeded,
  model_not_found,
  queue_full,
  rate_limited,
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

} // namespace troupe
