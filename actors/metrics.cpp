#include "actors/metrics.hpp"

#include <spdlog/spdlog.h>

namespace troupe {

metrics_actor::behavior_type metrics(metrics_actor::stateful_pointer<metrics_state> self, metrics_options options) {
  auto& state = self->state;
  const auto now = [self] { return self->clock().now(); };
  state.board.emplace(options, now());
  state.page.emplace(options.objective);
  return {
    [&state](started_atom) { state.board->request_started(); },
    [&state, now](const sink_record& x) {
      state.board->take(x, now());
      state.page->take(x);
      spdlog::info("{}", log_line(x));
    },
    [&state, now](const step_record& x) {
      state.board->take(x, now());
      state.page->take(x);
    },
    [&state](const worker_ready& x) {
      state.board->take(x);
      state.page->take(x);
    },
    [&state, now](const scheduler_load& x) { state.board->take(x, now()); },
    [&state](const cache_load& x) { state.board->take(x); },
    [&state, now](const worker_status& x) {
      state.board->take(x, now());
      state.page->take(x);
    },
    [&state, now](const worker_gone& x) {
      state.board->take(x, now());
      state.page->take(x);
    },
    [&state, now](snapshot_atom) { return state.board->snapshot(now()); },
    [&state, now](expose_atom) { return state.page->text(state.board->snapshot(now())); },
  };
}

} // namespace troupe
