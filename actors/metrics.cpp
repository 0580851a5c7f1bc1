#include "actors/metrics.hpp"
#include "actors/prometheus_text.hpp"

#include <spdlog/spdlog.h>

namespace troupe {

metrics_actor::behavior_type metrics(metrics_actor::stateful_pointer<metrics_state> self, metrics_options options) {
  const auto now = [self] { return self->clock().now(); };
  self->state.board.emplace(options, now());
  return {
    [self](started_atom) { self->state.board->request_started(); },
    [self, now](const sink_record& x) {
      self->state.board->take(x, now());
      spdlog::info("{}", log_line(x));
    },
    [self, now](const step_record& x) { self->state.board->take(x, now()); },
    [self](const worker_ready& x) { self->state.board->take(x); },
    [self](const scheduler_load& x) { self->state.board->take(x); },
    [self](const cache_load& x) { self->state.board->take(x); },
    [self](const worker_status& x) { self->state.board->take(x); },
    [self](const worker_gone& x) { self->state.board->take(x); },
    [self, now](snapshot_atom) { return self->state.board->snapshot(now()); },
    [self, now](expose_atom) { return prometheus_text(self->state.board->snapshot(now())); },
  };
}

} // namespace troupe
