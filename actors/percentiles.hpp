// Numbers over a sliding window: percentiles and rates.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "actors/protocol/types.hpp"

namespace troupe {

using time_point = std::chrono::steady_clock::time_point;

/// The samples of the last `window`, and at most the newest `max_samples` of them. Plain data.
class sample_window {
public:
  sample_window(timespan window, std::size_t max_samples) : window_{window}, max_samples_{max_samples} {}

  /// Takes a sample; `now` never goes back.
  void add(double value, time_point now);

  /// Summary of what is in the window. A percentile is the smallest sample that at least so many percent of the
  /// samples do not exceed (nearest rank), so it is always a value that was seen.
  distribution summary(time_point now);

private:
  void drop_old(time_point now);

  struct sample {
    time_point when;
    double value;
  };
  timespan window_;
  std::size_t max_samples_;
  std::deque<sample> samples_;
};

/// How many a second, over the last ten seconds. Plain data.
class rate_window {
public:
  explicit rate_window(time_point start) : start_{start} {}

  void add(std::uint64_t count, time_point now);

  /// Over the time since the start while that is shorter than the window.
  double per_second(time_point now);

private:
  void drop_old(time_point now);

  struct slice {
    time_point begin;
    std::uint64_t count;
  };
  time_point start_;
  /// One per tenth of a second in which something came.
  std::deque<slice> slices_;
};

} // namespace troupe
