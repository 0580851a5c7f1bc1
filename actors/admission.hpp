// Who may come in: counts and deadlines of the gateway, as plain data.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "actors/options.hpp"
#include "actors/protocol/types.hpp"

namespace troupe {

using time_point = std::chrono::steady_clock::time_point;

/// What the gateway does with a request.
enum class admission_verdict : std::uint8_t {
  /// It may start a run.
  start,
  /// The queue is full: an answer that is there or a run in flight may serve it, a new run may not start.
  join_only,
  /// There are too many sinks to look at another.
  refuse,
};

/// The sinks that live: since when they wait, how much they hold, and when their time is over.
///
/// Counts by sink. Every sink that was admitted leaves by exactly one `ended`.
class admission {
public:
  explicit admission(gateway_options options) : options_{options} {}

  /// Decides about a request of `bytes` bytes and, unless it is refused, counts its sink. `timeout` is the request's
  /// own, zero for none. `kept_free` places of the queue are for others.
  admission_verdict offer(sink_id sink, std::size_t bytes, timespan timeout, time_point now, std::size_t kept_free = 0);

  /// The sink has its place. Does nothing for one that is not here or has it already.
  void placed(sink_id sink);

  /// The sink is gone. Returns whether it was here.
  bool ended(sink_id sink, time_point now);

  /// The sinks whose time is over, first come first. Each is returned once.
  std::vector<sink_id> expired(time_point now);

  /// When a refused client may come back: the time that the waiting ones need at the pace at which sinks have been
  /// ending, between 1 and 60 seconds in whole seconds.
  timespan retry_after(time_point now) const;
  /// From one end to the next while there is work, over the last of them; a guess before there are any.
  timespan end_interval(time_point now) const;

  std::vector<sink_id> sinks() const;
  bool has(sink_id sink) const { return live_.contains(sink); }
  std::size_t live() const { return live_.size(); }
  std::size_t waiting() const { return waiting_; }
  std::size_t waiting_bytes() const { return waiting_bytes_; }

private:
  struct live_sink {
    std::size_t bytes;
    bool waits;
    time_point deadline;
  };
  void stop_waiting(live_sink& x);
  /// How long there has been work, all in all.
  timespan work_time(time_point now) const;

  gateway_options options_;
  std::map<sink_id, live_sink> live_;
  /// Those that have one.
  std::set<std::pair<time_point, sink_id>> deadlines_;
  std::size_t waiting_ = 0;
  std::size_t waiting_bytes_ = 0;
  /// Without the present stretch of work.
  timespan worked_{0};
  time_point work_began_{};
  /// When the last sinks that had a place ended, in time that there was work.
  std::deque<timespan> ends_;
};

} // namespace troupe
