#include "actors/scheduler.hpp"

#include <string>
#include <utility>

namespace troupe {

namespace {

using scheduler_pointer = scheduler_actor::stateful_pointer<scheduler_state>;

template <class Message>
void tell_generation(scheduler_pointer self, const sequence_key& key, Message&& message) {
  const auto& generations = self->state.generations;
  if (const auto found = generations.find(key); found != generations.end())
    self->send(found->second, std::forward<Message>(message));
}

/// Decides, and tells everybody what was decided.
void carry_out(scheduler_pointer self, const metrics_actor& metrics) {
  auto& state = self->state;
  auto orders = state.plan->decide();
  for (const auto& x : orders.removals)
    if (const auto worker = state.workers.find(x.worker); worker != state.workers.end())
      self->send(worker->second, remove_atom_v, x.key, x.epoch);
  for (auto& x : orders.failed)
    tell_generation(self, x.key, std::move(x));
  for (auto& x : orders.lost)
    tell_generation(self, x.key, std::move(x));
  for (auto& x : orders.placements) {
    // In this order, so that no token of an epoch comes before the epoch itself.
    tell_generation(self, x.work.work.key, placement{x.work.work.key, x.work.epoch, x.worker});
    self->send(state.workers.at(x.worker), std::move(x.work));
  }
  for (const auto& key : orders.forgotten)
    state.generations.erase(key);
  const auto load = state.plan->load();
  if (load.waiting != state.load.waiting || load.running != state.load.running)
    self->send(metrics, load);
  state.load = load;
}

sequence_failed already_there(const sequence_key& key) {
  sequence_failed failed{key, 0, {}};
  failed.reason.message = "choice " + std::to_string(key.choice) + " of run " + std::to_string(key.run) +
    " was queued while it waits or runs already";
  return failed;
}

} // namespace

scheduler_actor::behavior_type scheduler(scheduler_pointer self, scheduler_options options, metrics_actor metrics) {
  self->state.plan.emplace(options);
  return {
    [self, metrics](placement_request& work, generation_actor generation) {
      const auto key = work.key;
      if (!self->state.plan->request(std::move(work), self->clock().now())) {
        self->send(generation, already_there(key));
        return;
      }
      self->state.generations.insert_or_assign(key, std::move(generation));
      carry_out(self, metrics);
    },
    [self, metrics](cancel_atom, const sequence_key& key) {
      self->state.plan->cancel(key);
      carry_out(self, metrics);
    },
    [self, metrics](const worker_ready& ready, worker_actor worker) {
      self->state.workers.insert_or_assign(ready.worker, std::move(worker));
      self->state.plan->worker_is_ready(ready);
      carry_out(self, metrics);
    },
    [self, metrics](gone_atom, worker_id id) {
      self->state.workers.erase(id);
      self->state.plan->worker_is_gone(id);
      carry_out(self, metrics);
    },
    [self, metrics](const room& free) {
      const auto worker = self->state.workers.find(free.worker);
      if (worker == self->state.workers.end() || worker->second != self->current_sender())
        return;
      self->state.plan->worker_has_room(free);
      carry_out(self, metrics);
    },
  };
}

} // namespace troupe
