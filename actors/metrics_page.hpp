// The numbers as a Prometheus scraper reads them.
#pragma once

#include <memory>
#include <string>

#include "actors/protocol/types.hpp"

namespace troupe {

/// Whether a request came as far as the question of a run or an answer for it.
bool reached_cache(const sink_record& x);
/// Whether it waited for a run, its own or another's.
bool had_run(const sink_record& x);

/// Keeps what a page of metrics needs beside a snapshot of the counters: histograms, and counts by model.
///
/// The names that begin with `vllm:` mean what they mean there, so that dashboards made for it work; all others begin
/// with `troupe_`. Labels are bounded: models are those that workers hold (any other is counted as `other`), reasons
/// and states are words of the protocol's enums.
class metrics_page {
public:
  /// The objective becomes a bucket's bound, so that the share of requests that met it is exact.
  explicit metrics_page(timespan objective);
  ~metrics_page();
  metrics_page(metrics_page&&) noexcept;
  metrics_page& operator=(metrics_page&&) noexcept;

  void take(const sink_record& x);
  void take(const step_record& x);
  void take(const worker_ready& x);
  void take(const worker_status& x);
  /// A worker that does not come back leaves the page; what it did stays in its model's counts.
  void take(const worker_gone& x);

  /// The page in Prometheus' text format 0.0.4, `snapshot` being the counters of the same moment.
  std::string text(const metrics_snapshot& snapshot) const;

private:
  struct books;
  std::unique_ptr<books> books_;
};

} // namespace troupe
