#include "actors/percentiles.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace troupe {

namespace {

constexpr timespan rate_span = std::chrono::seconds{10};
constexpr timespan slice_span = std::chrono::milliseconds{100};

double nearest_rank(const std::vector<double>& sorted, double percent) {
  const auto rank = static_cast<std::size_t>(std::ceil(percent / 100.0 * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

} // namespace

void sample_window::add(double value, time_point now) {
  if (max_samples_ == 0)
    return;
  drop_old(now);
  if (samples_.size() == max_samples_)
    samples_.pop_front();
  samples_.push_back({now, value});
}

distribution sample_window::summary(time_point now) {
  drop_old(now);
  if (samples_.empty())
    return {};
  std::vector<double> sorted;
  sorted.reserve(samples_.size());
  for (const auto& one : samples_)
    sorted.push_back(one.value);
  std::sort(sorted.begin(), sorted.end());
  distribution out;
  out.count = sorted.size();
  out.mean = std::accumulate(sorted.begin(), sorted.end(), 0.0) / static_cast<double>(sorted.size());
  out.min = sorted.front();
  out.max = sorted.back();
  out.p50 = nearest_rank(sorted, 50);
  out.p95 = nearest_rank(sorted, 95);
  out.p99 = nearest_rank(sorted, 99);
  return out;
}

void sample_window::drop_old(time_point now) {
  while (!samples_.empty() && now - samples_.front().when > window_)
    samples_.pop_front();
}

void rate_window::add(std::uint64_t count, time_point now) {
  drop_old(now);
  if (slices_.empty() || now - slices_.back().begin >= slice_span)
    slices_.push_back({now, 0});
  slices_.back().count += count;
}

double rate_window::per_second(time_point now) {
  drop_old(now);
  const auto span = std::min<timespan>(rate_span, now - start_);
  if (span.count() <= 0)
    return 0;
  std::uint64_t sum = 0;
  for (const auto& one : slices_)
    sum += one.count;
  return static_cast<double>(sum) / seconds_of(span);
}

void rate_window::drop_old(time_point now) {
  while (!slices_.empty() && now - slices_.front().begin > rate_span)
    slices_.pop_front();
}

} // namespace troupe
