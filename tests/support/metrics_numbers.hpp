// The numbers of a company without the company.
#pragma once

#include <chrono>

#include "actors/metrics.hpp"
#include "tests/support/prometheus_page.hpp"

namespace troupe::test {

/// A board and a page that hear the same, as the metrics actor has them.
struct metrics_numbers {
  static constexpr time_point start{std::chrono::hours{1}};
  metrics_board board{{}, start};
  metrics_page page{std::chrono::seconds{2}};

  /// One worker is there and ready.
  metrics_numbers() {
    take(worker_status{0, "cpu", "tiny", "float32", worker_state::loading, "", {}, 0});
    take(worker_ready{0, "tiny", "cpu", "float32", 8, 64, 16, 512, 1, 2});
    take(worker_status{0, "cpu", "tiny", "float32", worker_state::ready, "", {}, 0});
  }

  void take(const sink_record& x) {
    board.request_started();
    board.take(x, start);
    page.take(x);
  }
  void take(const step_record& x) {
    board.take(x, start);
    page.take(x);
  }
  void take(const worker_ready& x) {
    board.take(x);
    page.take(x);
  }
  void take(const worker_status& x) {
    board.take(x, start);
    page.take(x);
  }
  void take(const worker_gone& x) {
    board.take(x, start);
    page.take(x);
  }
  prometheus_page read() { return prometheus_page{page.text(board.snapshot(start + std::chrono::seconds{5}))}; }
};

} // namespace troupe::test
