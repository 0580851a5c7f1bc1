// What a page of metrics counts itself: by model and by worker.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <prometheus/histogram.h>

#include "actors/protocol/types.hpp"

namespace troupe {

using bucket_bounds = prometheus::Histogram::BucketBoundaries;

// Bounds are chosen for what a CPU and a GPU do, in seconds; a value equal to a bound is within it.
inline const bucket_bounds first_token_bounds{
  0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7.5, 10, 15, 30, 60, 120, 300};
inline const bucket_bounds token_bounds{
  0.0025, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2.5, 5, 10};
inline const bucket_bounds request_bounds{
  0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7.5, 10, 15, 20, 30, 60, 120, 300, 600};
inline const bucket_bounds queue_bounds{
  0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600};
inline const bucket_bounds step_bounds{
  0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2.5, 5, 10};

/// `bounds` with one more.
inline bucket_bounds with_bound(bucket_bounds bounds, double x) {
  const auto place = std::lower_bound(bounds.begin(), bounds.end(), x);
  if (x > 0 && (place == bounds.end() || *place != x))
    bounds.insert(place, x);
  return bounds;
}

/// What was done with one model.
struct model_book {
  explicit model_book(double objective) : request{with_bound(request_bounds, objective)} {}

  prometheus::Histogram first_token{first_token_bounds};
  prometheus::Histogram between_tokens{token_bounds};
  prometheus::Histogram per_token{token_bounds};
  prometheus::Histogram request;
  prometheus::Histogram queued{queue_bounds};
  std::uint64_t prompt_tokens = 0;
  std::uint64_t generation_tokens = 0;
  std::uint64_t stopped = 0;
  std::uint64_t cut = 0;
  std::uint64_t prefix_query_tokens = 0;
  std::uint64_t prefix_hit_tokens = 0;
  std::uint64_t evicted = 0;
  /// By expert; empty for a model without.
  std::vector<std::uint64_t> expert_tokens;
};

/// What one worker did beside what a snapshot tells.
struct worker_book {
  std::string model;
  prometheus::Histogram step{step_bounds};
  std::uint64_t rows = 0;
};

} // namespace troupe
