#include "actors/supervisor.hpp"

#include <utility>

namespace troupe {

supervisor_actor::behavior_type supervisor(supervisor_pointer self, supervisor_options options,
  std::vector<worker_options> workers, scheduler_actor scheduler, fan_out_actor fan_out, metrics_actor metrics,
  cache::block_hasher hasher, world outside) {
  self->set_down_handler([self](const caf::down_msg& down) { self->state.ended(down); });
  self->state.start(options, workers,
    {std::move(scheduler), std::move(fan_out), std::move(metrics), caf::actor_cast<supervisor_actor>(self)}, hasher,
    std::move(outside));
  return {
    [self](const worker_ready& ready, const worker_actor& handle) { self->state.became_ready(ready, handle); },
    [self](const worker_failed& failed) { self->state.said_why(failed, self->current_sender()); },
    [self](stalled_atom, worker_id id, timespan idle) { self->state.stalled(id, idle); },
    [self](drained_atom, worker_id id) { self->state.drained(id); },
    [self](restart_atom, worker_id id) { self->state.restart(id); },
    [self](const scheduler_load& load) { self->state.hear(load); },
    [self](tick_atom) { self->state.look_for_idle(); },
    [self](restart_atom, const std::string& model) { self->state.try_again(model); },
    [self](drill_atom, worker_id id, drill_kind what) { return self->state.drill(id, what); },
    [self](reload_atom) { return self->state.reload(); },
    [self](status_atom) { return self->state.status(); },
  };
}

} // namespace troupe
