#include "actors/scheduler.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace troupe {

namespace {

using scheduler_pointer = scheduler_actor::stateful_pointer<scheduler_state>;

/// How often workers that have work are looked at.
constexpr auto stall_check_period = std::chrono::seconds{1};

template <class Message>
void tell_generation(scheduler_pointer self, const sequence_key& key, Message&& message) {
  const auto& generations = self->state.generations;
  if (const auto found = generations.find(key); found != generations.end())
    self->send(found->second, std::forward<Message>(message));
}

/// Decides, and tells everybody what was decided.
void carry_out(scheduler_pointer self, const metrics_actor& metrics) {
  auto& state = self->state;
  auto orders = state.plan->decide(self->clock().now());
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
  for (const auto& x : orders.stalled)
    self->send(state.supervisor, stalled_atom_v, x.worker, x.idle);
  for (const auto id : orders.drained)
    self->send(state.supervisor, drained_atom_v, id);
  auto load = state.plan->load();
  if (load != state.load) {
    self->send(metrics, load);
    if (state.supervisor)
      self->send(state.supervisor, load);
  }
  state.load = std::move(load);
  if (state.load.running > 0 && !state.tick_armed) {
    state.tick_armed = true;
    self->delayed_send(self, stall_check_period, tick_atom_v);
  }
}

sequence_failed already_there(const sequence_key& key) {
  sequence_failed failed{key, 0, {}};
  failed.reason.message = "choice " + std::to_string(key.choice) + " of run " + std::to_string(key.run) +
    " was queued while it waits or runs already";
  return failed;
}

} // namespace

scheduler_actor::behavior_type scheduler(
  scheduler_pointer self, scheduler_options options, cache::block_hasher hasher, metrics_actor metrics) {
  self->state.plan.emplace(options, hasher);
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
    [self, metrics](const worker_ready& ready, worker_actor worker, supervisor_actor supervisor) {
      self->state.supervisor = std::move(supervisor);
      self->state.workers.insert_or_assign(ready.worker, std::move(worker));
      self->state.plan->worker_is_ready(ready);
      carry_out(self, metrics);
    },
    [self, metrics](const worker_gone& gone) {
      self->state.workers.erase(gone.worker);
      self->state.plan->worker_is_gone(gone);
      carry_out(self, metrics);
    },
    [self, metrics](drain_atom, worker_id id) {
      self->state.plan->drain_worker(id);
      carry_out(self, metrics);
    },
    [self, metrics](const model_lost& lost) {
      self->state.plan->lose_model(lost);
      carry_out(self, metrics);
    },
    [self](restart_atom, const std::string& model) { self->state.plan->hope_for(model); },
    [self](register_atom, supervisor_actor supervisor) {
      self->state.supervisor = std::move(supervisor);
      // Somebody may have come before it.
      if (self->state.load != scheduler_load{})
        self->send(self->state.supervisor, self->state.load);
    },
    [self, metrics](const room& free) {
      const auto worker = self->state.workers.find(free.worker);
      if (worker == self->state.workers.end() || worker->second != self->current_sender())
        return;
      self->state.plan->worker_has_room(free, self->clock().now());
      carry_out(self, metrics);
    },
    [self, metrics](tick_atom) {
      self->state.tick_armed = false;
      self->state.plan->look_for_stalls(self->clock().now());
      carry_out(self, metrics);
    },
  };
}

} // namespace troupe
