#include <algorithm>
#include <chrono>

#include <spdlog/fmt/fmt.h>

#include "actors/metrics.hpp"
#include "actors/protocol/names.hpp"

namespace troupe {

namespace {

/// Why a request did not succeed; empty when it did.
std::string_view reason_of(const sink_record& x) {
  switch (x.result) {
  case outcome::finished:
    return {};
  case outcome::failed:
    return name(x.code);
  case outcome::cancelled:
    return name(x.why);
  }
  return {};
}

std::string plain_word(const std::string& word) {
  constexpr std::size_t longest = 128;
  std::string out = word.empty() ? "-" : word.substr(0, longest);
  for (auto& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte >= 0x7f || c == '"' || c == '\\')
      c = '?';
  }
  return out;
}

} // namespace

metrics_board::metrics_board(metrics_options options, time_point start)
    : options_{options},
      start_{start},
      latency_{options.window, options.max_samples},
      first_token_{options.window, options.max_samples},
      queued_{options.window, options.max_samples},
      decoded_{start} {}

void metrics_board::take(const sink_record& x, time_point now) {
  count_outcome(x);
  count_cache(x);
  prompt_tokens_ += x.usage.prompt_tokens;
  completion_tokens_ += x.usage.completion_tokens;
  if (x.result == outcome::finished)
    latency_.add(seconds_of(x.latency), now);
  if (x.usage.completion_tokens > 0)
    first_token_.add(seconds_of(x.time_to_first_token), now);
  if (had_run(x))
    queued_.add(seconds_of(x.queued), now);
}

void metrics_board::take(const step_record& x, time_point now) {
  auto& worker = worker_of(x.worker);
  if (moved_)
    moved_ = now;
  worker.last = x;
  ++worker.steps;
  worker.prefill_tokens += x.prefill_tokens;
  worker.decode_tokens += x.decode_tokens;
  worker.evicted += x.evicted;
  worker.prefix_query_tokens += x.prefix_query_tokens;
  worker.prefix_hit_tokens += x.prefix_hit_tokens;
  worker.step_time.add(seconds_of(x.duration), now);
  worker.rows.add(x.rows, now);
  decoded_.add(x.decode_tokens, now);
}

void metrics_board::take(const worker_ready& x) {
  auto& worker = worker_of(x.worker);
  worker.ready = x;
  worker.device = x.device;
  // A worker that starts, or starts again, holds nothing.
  worker.last = {};
}

void metrics_board::take(const worker_status& x, time_point now) {
  auto& worker = worker_of(x.worker);
  worker.device = x.device;
  worker.model = x.model;
  worker.state = x.state;
  worker.restarts = x.restarts;
  if (x.state == worker_state::unloaded) {
    worker.ready = {};
    worker.last = {};
  }
  look_for_work(now);
}

void metrics_board::take(const worker_gone& x, time_point now) {
  if (!x.expected_back)
    workers_.erase(x.worker);
  look_for_work(now);
}

void metrics_board::take(const scheduler_load& x, time_point now) {
  scheduler_ = x;
  look_for_work(now);
}

metrics_snapshot metrics_board::snapshot(time_point now) {
  metrics_snapshot out;
  out.uptime = now - start_;
  out.started_requests = started_;
  out.total_requests = successful_ + failed_ + cancelled_;
  out.live_requests = started_ - std::min(started_, out.total_requests);
  out.successful_requests = successful_;
  out.failed_requests = failed_;
  out.cancelled_requests = cancelled_;
  for (const auto& [reason, count] : failures_)
    out.failures.push_back({std::string{reason}, count});
  for (const auto& [reason, count] : cancellations_)
    out.cancellations.push_back({std::string{reason}, count});
  const auto by = [this](cache_state state) { return by_cache_[static_cast<std::size_t>(state)]; };
  out.cache_hits = by(cache_state::hit);
  out.cache_misses = by(cache_state::miss);
  out.cache_coalesced = by(cache_state::coalesced);
  out.cache_bypasses = by(cache_state::bypass);
  const auto asked = out.cache_hits + out.cache_misses + out.cache_coalesced;
  out.cache_hit_rate = asked == 0 ? 0 : static_cast<double>(out.cache_hits) / static_cast<double>(asked);
  out.cache = cache_;
  out.latency = latency_.summary(now);
  out.time_to_first_token = first_token_.summary(now);
  out.queue_time = queued_.summary(now);
  out.requests_running = scheduler_.running;
  out.requests_waiting = scheduler_.waiting;
  out.models = scheduler_.models;
  out.prompt_tokens = prompt_tokens_;
  out.completion_tokens = completion_tokens_;
  out.tokens_per_second = decoded_.per_second(now);
  out.objective_seconds = seconds_of(options_.objective);
  out.objective_window_seconds = seconds_of(options_.window);
  out.meets_sla = out.latency.count == 0 || out.latency.p95 < out.objective_seconds;
  out.stalled = moved_ ? now - *moved_ : timespan{0};
  for (auto& [id, worker] : workers_)
    out.workers.push_back(metrics_of(id, worker, now));
  return out;
}

metrics_board::worker_board& metrics_board::worker_of(worker_id id) {
  const sample_window empty{options_.window, options_.max_samples};
  return workers_.try_emplace(id, worker_board{empty, empty}).first->second;
}

void metrics_board::count_outcome(const sink_record& x) {
  switch (x.result) {
  case outcome::finished:
    ++successful_;
    break;
  case outcome::failed:
    ++failed_;
    ++failures_[reason_of(x)];
    break;
  case outcome::cancelled:
    ++cancelled_;
    ++cancellations_[reason_of(x)];
    break;
  }
}

void metrics_board::count_cache(const sink_record& x) {
  const auto state = static_cast<std::size_t>(x.cache);
  if (reached_cache(x) && state < by_cache_.size())
    ++by_cache_[state];
}

bool metrics_board::has_work() const {
  const auto served = [this](const std::string& model) {
    return std::any_of(workers_.begin(), workers_.end(),
      [&](const auto& x) { return x.second.model == model && x.second.state == worker_state::ready; });
  };
  return scheduler_.running > 0 ||
    std::any_of(scheduler_.models.begin(), scheduler_.models.end(),
      [&](const model_load& x) { return x.waiting > 0 && served(x.model); });
}

void metrics_board::look_for_work(time_point now) {
  if (!has_work())
    moved_.reset();
  else if (!moved_)
    moved_ = now;
}

worker_metrics metrics_board::metrics_of(worker_id id, worker_board& x, time_point now) {
  worker_metrics out;
  out.worker = id;
  out.device = x.device;
  out.resident = x.last.resident;
  out.slots = x.ready.slots;
  out.blocks_used = x.last.blocks_used;
  out.blocks = x.ready.blocks;
  out.steps = x.steps;
  out.step_time = x.step_time.summary(now);
  out.mean_rows = x.rows.summary(now).mean;
  out.prefill_tokens = x.prefill_tokens;
  out.decode_tokens = x.decode_tokens;
  out.evicted = x.evicted;
  out.prefix_query_tokens = x.prefix_query_tokens;
  out.prefix_hit_tokens = x.prefix_hit_tokens;
  out.state = x.state;
  out.restarts = x.restarts;
  return out;
}

std::string log_line(const sink_record& x) {
  const auto reason = reason_of(x);
  return fmt::format("request id={} endpoint={} model={} run={} prompt_tokens={} completion_tokens={} queued={:.6f} "
                     "ttft={:.6f} latency={:.6f} cache={} outcome={}{}{}",
    plain_word(x.request_id), plain_word(x.endpoint), plain_word(x.model), x.run, x.usage.prompt_tokens,
    x.usage.completion_tokens, seconds_of(x.queued), seconds_of(x.time_to_first_token), seconds_of(x.latency),
    name(x.cache), name(x.result), reason.empty() ? "" : " reason=", reason);
}

} // namespace troupe
