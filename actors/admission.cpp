#include "actors/admission.hpp"

#include <algorithm>
#include <cmath>

namespace troupe {

namespace {

/// The weight of the newest interval: about the last ten ends count.
constexpr double newest_weight = 0.1;
/// Before the first ends have been seen.
constexpr std::chrono::milliseconds guessed_interval{250};

/// Zero stands for no limit.
timespan shorter(timespan a, timespan b) {
  if (a.count() <= 0)
    return b;
  return b.count() <= 0 ? a : std::min(a, b);
}

} // namespace

admission_verdict admission::offer(
  sink_id sink, std::size_t bytes, timespan timeout, time_point now, std::size_t kept_free) {
  if (live_.size() >= options_.max_live)
    return admission_verdict::refuse;
  const bool full = waiting_ + kept_free >= options_.max_waiting || waiting_bytes_ + bytes > options_.max_waiting_bytes;
  const auto limit = shorter(timeout, options_.request_timeout);
  const auto deadline = limit.count() > 0 && limit < time_point::max() - now ? now + limit : time_point::max();
  live_.emplace(sink, live_sink{bytes, true, deadline});
  if (deadline != time_point::max())
    deadlines_.emplace(deadline, sink);
  ++waiting_;
  waiting_bytes_ += bytes;
  return full ? admission_verdict::join_only : admission_verdict::start;
}

void admission::placed(sink_id sink) {
  if (const auto found = live_.find(sink); found != live_.end())
    stop_waiting(found->second);
}

bool admission::ended(sink_id sink, time_point now) {
  const auto found = live_.find(sink);
  if (found == live_.end())
    return false;
  const bool had_place = !found->second.waits;
  stop_waiting(found->second);
  deadlines_.erase({found->second.deadline, sink});
  live_.erase(found);
  if (had_place)
    measure_end(now);
  return true;
}

std::vector<sink_id> admission::expired(time_point now) {
  std::vector<sink_id> out;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    out.push_back(deadlines_.begin()->second);
    deadlines_.erase(deadlines_.begin());
  }
  return out;
}

timespan admission::retry_after() const {
  const double wait = end_interval_ * static_cast<double>(waiting_);
  return std::chrono::seconds{static_cast<std::int64_t>(std::ceil(std::clamp(wait, 1.0, 60.0)))};
}

timespan admission::end_interval() const {
  if (!measured_)
    return guessed_interval;
  return std::chrono::duration_cast<timespan>(std::chrono::duration<double>(end_interval_));
}

std::vector<sink_id> admission::sinks() const {
  std::vector<sink_id> out;
  out.reserve(live_.size());
  for (const auto& [sink, entry] : live_)
    out.push_back(sink);
  return out;
}

void admission::stop_waiting(live_sink& x) {
  if (!x.waits)
    return;
  x.waits = false;
  --waiting_;
  waiting_bytes_ -= x.bytes;
}

// Only the time in which there was work counts: the gap before the first request of the morning says nothing about
// how fast the company is. So do only sinks that had a place: a refusal or a cached answer frees none.
void admission::measure_end(time_point now) {
  if (busy_) {
    const double interval = std::chrono::duration<double>(now - busy_since_).count();
    end_interval_ = measured_ ? end_interval_ + newest_weight * (interval - end_interval_) : interval;
    measured_ = true;
  }
  busy_ = !live_.empty();
  busy_since_ = now;
}

} // namespace troupe
