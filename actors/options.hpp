// What the company is made from. Filled by the config, checked by validate().
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cache/response_cache.hpp"
#include "engine/engine.hpp"

namespace troupe {

/// Bounds on what may wait and live.
struct gateway_options {
  /// Requests that wait for a place. The next one gets a 429.
  std::size_t max_waiting = 256;
  /// Bytes of the requests that wait.
  std::size_t max_waiting_bytes = std::size_t{64} << 20;
  /// Requests that wait or run, those that joined another's run counted in.
  std::size_t max_live = 1024;
  /// Longest prompt and answer of each model, in tokens: what a request may come to that does not say how long its
  /// answer may be.
  std::map<std::string, std::size_t> contexts = {};
  /// Time a request may take from admission; zero for no limit. A request's own timeout counts when it is shorter.
  std::chrono::nanoseconds request_timeout{std::chrono::minutes{10}};
};

struct scheduler_options {
  /// A waiting request gains one step of priority each time this much passes, so that none starves.
  std::chrono::nanoseconds aging{std::chrono::seconds{10}};
  /// A worker that has work and finishes no step for `stall_factor` times its longest one is given up, but not before
  /// it was silent for this long.
  std::chrono::nanoseconds least_stall{std::chrono::seconds{5}};
  std::uint32_t stall_factor = 10;
  /// A sequence that this many workers may have died of is failed.
  std::uint32_t most_strikes = 2;
};

struct worker_options {
  engine::engine_options engine;
  /// Name of the model it holds, as requests name it.
  std::string model;
  /// New tokens of one step; a prefill chunk takes what the decodes leave.
  std::size_t step_tokens = 256;
  /// Whether sequences share the blocks of equal beginnings.
  bool prefix_cache = true;
  /// Tokens that end an answer.
  std::vector<engine::token_id> eos;
  /// What its weights and its KV cache will take, as its model's files say it.
  std::uint64_t weight_bytes = 0;
  std::uint64_t kv_bytes = 0;

  friend bool operator==(const worker_options&, const worker_options&) = default;
};

struct metrics_options {
  /// The objective: P95 of latency under this, over the window.
  std::chrono::nanoseconds objective{std::chrono::seconds{2}};
  std::chrono::nanoseconds window{std::chrono::minutes{5}};
  /// Samples kept per window.
  std::size_t max_samples = 8192;
};

/// How long a model stays in memory.
struct residence {
  std::string model;
  /// Loaded when somebody asks for it, not at the start.
  bool on_demand = false;
  /// Never gives way once it is loaded.
  bool pinned = false;
  /// It leaves when nobody asked for it for this long; zero for never.
  std::chrono::nanoseconds idle{0};
};

struct memory_options {
  /// Bytes that all models may hold together; zero for no bound.
  std::uint64_t budget = 0;
  /// Models that are not named here stay.
  std::vector<residence> models = {};
};

struct supervisor_options {
  memory_options memory = {};
  /// A worker that failed is started again after this much, doubled each time up to the second.
  std::chrono::nanoseconds restart_delay{std::chrono::milliseconds{500}};
  std::chrono::nanoseconds max_restart_delay{std::chrono::seconds{30}};
  /// Whether operators may have workers fail on purpose.
  bool drills = false;
};

struct generation_options {
  /// Prompts from this many bytes on are tokenized by the encoder.
  std::size_t encode_inline_bytes = 16384;
};

struct company_options {
  gateway_options gateway;
  cache::response_cache_options cache;
  scheduler_options scheduler;
  generation_options generation;
  metrics_options metrics;
  supervisor_options supervisor;
  std::vector<worker_options> workers;
};

} // namespace troupe
