#include "actors/gateway.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

/// How late a deadline may be seen.
constexpr auto tick_period = std::chrono::milliseconds{250};
/// How long a drain waits for the sinks that it failed to say that they have ended.
constexpr auto drain_grace = std::chrono::seconds{1};
/// How far ahead places are kept free for those who were told to come: so long, or for so many of the company's ends.
/// Sequences of one batch tend to end together, and until they do those who come only wait.
constexpr auto promise_ahead = std::chrono::seconds{1};
constexpr int ends_ahead = 64;

bool has_limits(const rate_limits& limits) {
  return limits.requests_per_minute != 0 || limits.tokens_per_minute != 0;
}

} // namespace

void gateway_state::start(
  gateway_options options, cache_actor cache, metrics_actor metrics, std::function<std::uint64_t()> random) {
  options_ = options;
  admitted.emplace(options);
  cache_ = std::move(cache);
  metrics_ = std::move(metrics);
  random_ = std::move(random);
}

void gateway_state::submit(native_request request, const edge_actor& edge, sink_id sink) {
  self_->send(metrics_, started_atom_v);
  if (drain_) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(drain_->deadline - now());
    const auto retry = std::clamp(left, std::chrono::seconds{1}, std::chrono::seconds{60});
    refuse(request, edge, sink, {failure_code::draining, "the server is shutting down", {}, retry});
    return;
  }
  if (has_limits(request.rate) && !take_rate(request, edge, sink))
    return;
  const auto verdict = offer(request, sink);
  if (verdict == admission_verdict::refuse) {
    rates_.cancel(sink, now());
    refuse(request, edge, sink, queue_full(request, sink));
    promised_.erase(sink);
    return;
  }
  std::optional<failure> refusal;
  if (verdict == admission_verdict::join_only)
    refusal = queue_full(request, sink);
  if (!request.params.has_seed)
    request.params.seed = random_();
  admitted_request out;
  out.run = ++last_run_;
  out.request = std::move(request);
  out.may_start = !refusal;
  out.refusal = refusal.value_or(failure{});
  self_->send(cache_, lookup_atom_v, std::move(out), edge, sink, gateway_actor{self_});
  arm_tick();
}

void gateway_state::detach(sink_id sink, detach_reason reason) {
  if (admitted->has(sink))
    self_->send(cache_, detach_atom_v, sink, reason);
}

void gateway_state::ended(sink_id sink, const token_usage& used) {
  const auto tokens = std::uint64_t{used.prompt_tokens} + used.completion_tokens;
  rates_.settle(sink, tokens, now());
  if (const auto found = promised_.find(sink); found != promised_.end()) {
    if (tokens != 0)
      promises_.withdraw(found->second.first, found->second.second);
    promised_.erase(found);
  }
  admitted->ended(sink, now());
  finish_drain();
}

void gateway_state::tick() {
  tick_armed_ = false;
  for (const auto sink : admitted->expired(now()))
    self_->send(cache_, detach_atom_v, sink, detach_reason::deadline);
  if (drain_ && !drain_->sinks_failed && now() >= drain_->deadline) {
    drain_->sinks_failed = true;
    drain_->failed = admitted->live();
    for (const auto sink : admitted->sinks())
      self_->send(cache_, detach_atom_v, sink, detach_reason::shutdown);
  }
  finish_drain();
  if (admitted->live() > 0)
    arm_tick();
}

void gateway_state::drain(timespan limit, caf::typed_response_promise<std::uint64_t> answer) {
  const auto deadline = now() + limit;
  if (!drain_)
    drain_.emplace(draining{deadline, deadline + drain_grace, 0, false, {}});
  drain_->deadline = std::min(drain_->deadline, deadline);
  drain_->last_call = drain_->deadline + drain_grace;
  drain_->askers.push_back(std::move(answer));
  if (now() >= drain_->deadline)
    tick();
  else
    finish_drain();
}

void gateway_state::refuse(const native_request& request, const edge_actor& edge, sink_id sink, failure reason) {
  sink_record record;
  record.request_id = request.request_id;
  record.endpoint = request.endpoint;
  record.model = request.model;
  record.result = outcome::failed;
  record.code = reason.code;
  self_->send(metrics_, std::move(record));
  self_->send(edge, answer_failed{sink, std::move(reason)});
}

bool gateway_state::take_rate(const native_request& request, const edge_actor& edge, sink_id sink) {
  const auto context = options_.contexts.find(request.model);
  const auto need = need_of(request, context == options_.contexts.end() ? 0 : context->second);
  const auto verdict = rates_.reserve(sink, request.rate, need, now());
  auto standing = rates_.standing(request.rate.key, now());
  standing.sink = sink;
  self_->send(edge, standing);
  if (!verdict.admitted)
    refuse(request, edge, sink, rate_limited(request.rate, verdict));
  return verdict.admitted;
}

failure gateway_state::rate_limited(const rate_limits& limits, const rate_budget::verdict& verdict) const {
  const bool tokens = verdict.what == "tokens";
  std::string message = "the API key '" + limits.key + "' has a limit of " +
    std::to_string(tokens ? limits.tokens_per_minute : limits.requests_per_minute) + ' ' + verdict.what + " per minute";
  if (tokens)
    message += ", and this request may take " + std::to_string(verdict.needed);
  // Coming back would not help, so it is no matter of time.
  if (verdict.retry_after.count() == 0)
    return {failure_code::invalid_request,
      message + ", more than the key ever has: ask for a smaller max_tokens or a shorter prompt", {}, {}};
  return {failure_code::rate_limited, std::move(message), {}, verdict.retry_after};
}

admission_verdict gateway_state::offer(const native_request& request, sink_id sink) {
  const bool promised = promises_.size() != 0 && promises_.redeem(key_of(request), now());
  return admitted->offer(sink, request.size(), request.timeout, now(), promised ? 0 : kept_free());
}

std::size_t gateway_state::kept_free() {
  if (promises_.size() == 0)
    return 0;
  const auto ahead = std::max<timespan>(promise_ahead, ends_ahead * admitted->end_interval(now()));
  // A quarter of the queue stays open to newcomers, whatever was promised.
  return std::min(promises_.due(now(), ahead), options_.max_waiting * 3 / 4);
}

failure gateway_state::queue_full(const native_request& request, sink_id sink) {
  const auto line = [](const char* what, std::size_t value, std::size_t limit) {
    return std::string{what} + std::to_string(value) + " (limit " + std::to_string(limit) + ")";
  };
  std::string message = "the server is at its limit: ";
  if (admitted->live() >= options_.max_live)
    message += line("requests in work ", admitted->live(), options_.max_live);
  else
    message += line("requests waiting ", admitted->waiting(), options_.max_waiting) +
      line(", their bytes ", admitted->waiting_bytes(), options_.max_waiting_bytes);
  const auto who = key_of(request);
  // Three of four ends are promised: the pace of the last ones may not last, and newcomers want a chance.
  const auto spacing = admitted->end_interval(now()) * 4 / 3;
  const auto moment = promises_.give(who, now() + admitted->retry_after(now()), spacing, now());
  promised_.emplace(sink, std::pair{who, moment});
  return {failure_code::queue_full, std::move(message), {}, moment - now()};
}

void gateway_state::arm_tick() {
  if (std::exchange(tick_armed_, true))
    return;
  self_->delayed_send(self_, tick_period, tick_atom_v);
}

void gateway_state::finish_drain() {
  if (!drain_ || (admitted->live() > 0 && !(drain_->sinks_failed && now() >= drain_->last_call)))
    return;
  for (auto& asker : drain_->askers)
    asker.deliver(drain_->failed);
  drain_->askers.clear();
}

time_point gateway_state::now() const {
  return self_->clock().now();
}

gateway_actor::behavior_type gateway(gateway_pointer self, gateway_options options, cache_actor cache,
  metrics_actor metrics, std::function<std::uint64_t()> random) {
  self->state.start(options, std::move(cache), std::move(metrics), std::move(random));
  return {
    [self](submit_atom, native_request& request, const edge_actor& edge, sink_id sink) {
      self->state.submit(std::move(request), edge, sink);
    },
    [self](detach_atom, sink_id sink, detach_reason reason) { self->state.detach(sink, reason); },
    [self](placed_atom, sink_id sink) { self->state.admitted->placed(sink); },
    [self](ended_atom, sink_id sink, const token_usage& used) { self->state.ended(sink, used); },
    [self](tick_atom) { self->state.tick(); },
    [self](drain_atom, timespan limit) -> caf::result<std::uint64_t> {
      auto answer = self->make_response_promise<std::uint64_t>();
      self->state.drain(limit, answer);
      return answer;
    },
  };
}

} // namespace troupe
