#include "actors/admission.hpp"

#include <algorithm>
#include <cmath>

namespace troupe {

namespace {

/// Ends that are looked at. Those of one batch come together, so there must be several batches among them.
constexpr std::size_t ends_kept = 128;
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
  if (live_.empty())
    work_began_ = now;
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
  // Only sinks that had a place: a refusal or a cached answer frees none.
  if (!found->second.waits)
    ends_.push_back(work_time(now));
  if (ends_.size() > ends_kept)
    ends_.pop_front();
  stop_waiting(found->second);
  deadlines_.erase({found->second.deadline, sink});
  worked_ = work_time(now);
  work_began_ = now;
  live_.erase(found);
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

timespan admission::retry_after(time_point now) const {
  const double wait = seconds_of(end_interval(now)) * static_cast<double>(waiting_);
  return std::chrono::seconds{static_cast<std::int64_t>(std::ceil(std::clamp(wait, 1.0, 60.0)))};
}

timespan admission::end_interval(time_point now) const {
  // The ends so far lie in the time from the oldest of them, or from the start. If the next one is late, that counts.
  const bool all = ends_.size() < ends_kept;
  const auto from = all ? timespan{0} : ends_.front();
  const auto count = static_cast<std::int64_t>(all ? ends_.size() : ends_kept - 1);
  const auto with_next = (work_time(now) - from) / (count + 1);
  return count == 0 ? std::max<timespan>(with_next, guessed_interval)
                    : std::max((ends_.back() - from) / count, with_next);
}

// The gap before the first request of the morning says nothing about how fast the company is.
timespan admission::work_time(time_point now) const {
  return live_.empty() ? worked_ : worked_ + (now - work_began_);
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

} // namespace troupe
