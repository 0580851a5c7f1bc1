// The way in: admits requests or refuses them, and watches their deadlines.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actors/admission.hpp"
#include "actors/promises.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/rate_budget.hpp"

namespace troupe {

struct gateway_state;
using gateway_pointer = gateway_actor::stateful_pointer<gateway_state>;

/// What the gateway works with: the counts and deadlines are in `admission`, what keys may use up is in `rate_budget`.
struct gateway_state {
  explicit gateway_state(gateway_pointer self) : self_{self} {}

  void start(gateway_options options, cache_actor cache, metrics_actor metrics, std::function<std::uint64_t()> random);

  void submit(native_request request, const edge_actor& edge, sink_id sink);
  void detach(sink_id sink, detach_reason reason);
  void ended(sink_id sink, const token_usage& used);
  void tick();
  void drain(timespan limit, caf::typed_response_promise<std::uint64_t> answer);

  /// Places in the queue that newcomers do not get now, because others were told to come for them.
  std::size_t kept_free();

  std::optional<admission> admitted;

private:
  void refuse(const native_request& request, const edge_actor& edge, sink_id sink, failure reason);
  bool take_rate(const native_request& request, const edge_actor& edge, sink_id sink);
  /// Decides about a request, those first who were told to come now.
  admission_verdict offer(const native_request& request, sink_id sink);
  failure queue_full(const native_request& request, sink_id sink);
  failure rate_limited(const rate_limits& limits, const rate_budget::verdict& verdict) const;
  void arm_tick();
  void finish_drain();

  time_point now() const;

  gateway_pointer self_;
  gateway_options options_;
  cache_actor cache_;
  metrics_actor metrics_;
  std::function<std::uint64_t()> random_;
  rate_budget rates_;
  promises promises_;
  /// What a sink was promised that may still be served, by a hit or another's run.
  std::map<sink_id, std::pair<promise_key, time_point>> promised_;
  run_id last_run_ = 0;
  bool tick_armed_ = false;

  /// Set while the company drains.
  struct draining {
    time_point deadline;
    /// When those who asked are answered, even if a sink that was failed has not said that it ended.
    time_point last_call;
    std::uint64_t failed = 0;
    bool sinks_failed = false;
    std::vector<caf::typed_response_promise<std::uint64_t>> askers;
  };
  std::optional<draining> drain_;
};

/// Every sink that is submitted hears `answer_started` or `answer_failed`, from the gateway, the cache or its
/// generation. `random` draws the seeds of requests that have none.
gateway_actor::behavior_type gateway(gateway_pointer self, gateway_options options, cache_actor cache,
  metrics_actor metrics, std::function<std::uint64_t()> random);

} // namespace troupe
