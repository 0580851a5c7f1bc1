#include "actors/supervisor.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "actors/worker.hpp"

namespace troupe {

namespace {

using supervisor_pointer = supervisor_actor::stateful_pointer<supervisor_state>;

/// What the supervisor needs to start a worker.
struct stage {
  std::vector<worker_options> workers;
  worker_peers peers;
  world outside;
};

void start_worker(supervisor_pointer self, worker_id id, const stage& stage) {
  auto& handle = self->state.workers[id];
  const auto& options = stage.workers[id];
  handle = stage.outside.detached
    ? self->spawn<caf::detached>(worker, id, options, stage.peers, stage.outside.load_engine)
    : self->spawn(worker, id, options, stage.peers, stage.outside.load_engine);
  self->monitor(handle);
}

void worker_ended(supervisor_pointer self, const scheduler_actor& scheduler, const caf::down_msg& down) {
  auto& state = self->state;
  const auto found = std::find(state.workers.begin(), state.workers.end(), down.source);
  if (found == state.workers.end())
    return;
  *found = nullptr;
  const auto id = static_cast<worker_id>(found - state.workers.begin());
  self->send(scheduler, gone_atom_v, id);
  const auto reason = "the worker ended: " + self->system().render(down.reason);
  if (const auto delay = state.lives[id].ended(reason, self->clock().now()))
    self->delayed_send(self, *delay, restart_atom_v, id);
}

} // namespace

supervisor_actor::behavior_type supervisor(supervisor_pointer self, supervisor_options options,
  std::vector<worker_options> workers, scheduler_actor scheduler, fan_out_actor fan_out, metrics_actor metrics,
  world outside) {
  const worker_peers peers{scheduler, fan_out, metrics, caf::actor_cast<supervisor_actor>(self)};
  const auto given = std::make_shared<const stage>(stage{std::move(workers), peers, std::move(outside)});
  // Handlers outlive the actor's end, so they hold no address of its own.
  self->set_down_handler([self, scheduler](const caf::down_msg& down) { worker_ended(self, scheduler, down); });
  self->state.workers.resize(given->workers.size());
  for (worker_id id = 0; id < given->workers.size(); ++id) {
    self->state.lives.emplace_back(id, given->workers[id], options, self->clock().now());
    start_worker(self, id, *given);
  }
  const auto is_there = [self](worker_id id) { return id < self->state.workers.size() && self->state.workers[id]; };
  return {
    [self, peers, is_there](const worker_ready& ready, const worker_actor& handle) {
      // A worker may have ended before its own news came.
      if (!is_there(ready.worker) || self->state.workers[ready.worker] != handle)
        return;
      self->state.lives[ready.worker].became_ready(ready, self->clock().now());
      self->send(peers.scheduler, ready, handle);
      self->send(peers.metrics, ready);
    },
    [self, is_there](const worker_failed& failed) {
      if (is_there(failed.worker) && self->state.workers[failed.worker] == self->current_sender())
        self->state.lives[failed.worker].said_why(failed.reason, failed.retry);
    },
    [self, given, is_there](restart_atom, worker_id id) {
      if (id >= given->workers.size() || is_there(id))
        return;
      self->state.lives[id].restarted(self->clock().now());
      start_worker(self, id, *given);
    },
    [self](status_atom) {
      company_status status;
      for (const auto& life : self->state.lives)
        status.workers.push_back(life.status(self->clock().now()));
      return status;
    },
  };
}

} // namespace troupe
