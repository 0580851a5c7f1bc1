#include "actors/worker_life.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

worker_life::worker_life(worker_id id, const worker_options& options, const supervisor_options& delays, time_point now)
    : delays_{delays},
      delay_{delays.restart_delay} {
  status_.worker = id;
  status_.device = options.engine.device;
  status_.model = options.model;
  status_.dtype = engine::name(options.engine.dtype);
  enter(worker_state::loading, {}, now);
}

void worker_life::enter(worker_state state, std::string reason, time_point now) {
  status_.state = state;
  status_.reason = std::move(reason);
  entered_ = now;
}

void worker_life::became_ready(const worker_ready& ready, time_point now) {
  status_.device = ready.device;
  status_.dtype = ready.dtype;
  enter(worker_state::ready, {}, now);
}

void worker_life::drains(std::string why, time_point now) {
  enter(worker_state::draining, std::move(why), now);
}

void worker_life::unloaded(std::string why, time_point now) {
  enter(worker_state::unloaded, std::move(why), now);
}

void worker_life::loads(time_point now) {
  retry_ = true;
  last_words_.clear();
  enter(worker_state::loading, {}, now);
}

void worker_life::said_why(std::string reason, bool retry) {
  last_words_ = std::move(reason);
  retry_ = retry;
}

std::optional<timespan> worker_life::ended(std::string reason, time_point now) {
  if (status_.state == worker_state::ready && now - entered_ >= delays_.max_restart_delay)
    delay_ = delays_.restart_delay;
  enter(worker_state::failed, last_words_.empty() ? std::move(reason) : std::exchange(last_words_, {}), now);
  if (!retry_)
    return std::nullopt;
  const auto delay = delay_;
  delay_ = std::min(delay_ * 2, delays_.max_restart_delay);
  return delay;
}

void worker_life::restarted(time_point now) {
  ++status_.restarts;
  enter(worker_state::restarting, std::exchange(status_.reason, {}), now);
}

worker_status worker_life::status(time_point now) const {
  auto status = status_;
  status.since = now - entered_;
  return status;
}

} // namespace troupe
