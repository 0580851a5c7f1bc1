// What the scheduler makes of its workers' comings and goings.
#include <utility>

#include "actors/schedule.hpp"
#include "actors/schedule_failures.hpp"

namespace troupe {

// -- workers --------------------------------------------------------------------------------------------------------

void schedule::worker_is_ready(const worker_ready& ready) {
  worker_is_gone({ready.worker, true, true});
  workers_.insert_or_assign(ready.worker, fresh_credit(ready));
  prefixes_.add(ready.worker, ready.blocks);
  lost_models_.erase(ready.model);
}

void schedule::worker_is_gone(const worker_gone& gone) {
  const auto found = workers_.find(gone.worker);
  if (found == workers_.end())
    return;
  auto& worker = found->second;
  const bool one_on_trial = worker.on_trial > 0;
  for (auto i = entries_.begin(); i != entries_.end();) {
    const auto sequence = i++;
    auto& x = sequence->second;
    if (x.epoch == 0 || x.worker != gone.worker)
      continue;
    if (gone.by_its_work && (x.on_trial || !one_on_trial))
      strike(sequence);
    else
      lose(sequence);
  }
  prefixes_.forget(gone.worker);
  if (gone.expected_back) {
    const auto size = worker.size;
    worker = {};
    worker.size = size;
  } else {
    workers_.erase(found);
  }
}

void schedule::drain_worker(worker_id id) {
  const auto worker = workers_.find(id);
  if (worker == workers_.end())
    return;
  worker->second.draining = true;
  if (worker->second.placed == 0)
    orders_.drained.push_back(id);
}

void schedule::lose_model(const model_lost& lost) {
  lost_models_.insert_or_assign(lost.model, lost);
  const auto queue = queues_.find(lost.model);
  if (queue == queues_.end())
    return;
  for (; !queue->second.empty(); queue->second.erase(queue->second.front())) {
    const auto waiting = entries_.find(queue->second.front());
    orders_.failed.push_back(no_worker(waiting->first, lost));
    forget(waiting);
  }
  queues_.erase(queue);
}

void schedule::worker_has_room(const room& free, time_point now) {
  const auto found = workers_.find(free.worker);
  if (found == workers_.end() || !found->second.present)
    return;
  auto& worker = found->second;
  update_credit(worker, free, now);
  for (const auto& key : free.prefilled)
    pass_trial(key, worker);
  for (const auto& who : free.left)
    take_leave(who, worker);
  if (worker.draining && worker.placed == 0)
    orders_.drained.push_back(free.worker);
}

void schedule::look_for_stalls(time_point now) {
  for (auto& [id, worker] : workers_) {
    const auto idle = now - worker.last_progress;
    if (!worker.present || worker.placed == 0 ||
      idle <= stall_limit(worker, options_.least_stall, options_.stall_factor))
      continue;
    orders_.stalled.push_back({id, idle});
    // Once: it is given up. Should it not be, it is looked at again after as long a time.
    worker.last_progress = now;
  }
}

// -- sequences ------------------------------------------------------------------------------------------------------

void schedule::pass_trial(const sequence_key& key, worker_credit& worker) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.epoch == 0 || found->second.worker != worker.size.worker)
    return;
  end_trial(found->second, worker);
  found->second.strikes = 0;
}

void schedule::take_leave(const departure& who, worker_credit& worker) {
  const auto found = entries_.find(who.key);
  if (found == entries_.end() || found->second.epoch != who.epoch)
    return;
  --worker.placed;
  end_trial(found->second, worker);
  if (who.reason == departure_reason::evicted) {
    lose(found);
    return;
  }
  --running_;
  forget(found);
}

void schedule::end_trial(entry& sequence, worker_credit& worker) {
  if (std::exchange(sequence.on_trial, false))
    --worker.on_trial;
}

void schedule::strike(entries::iterator sequence) {
  auto& x = sequence->second;
  if (++x.strikes < options_.most_strikes) {
    lose(sequence);
    return;
  }
  --running_;
  if (!x.cancelled)
    orders_.failed.push_back(too_many_strikes(sequence->first, x.epoch, x.strikes));
  forget(sequence);
}

void schedule::lose(entries::iterator sequence) {
  --running_;
  if (!sequence->second.cancelled)
    orders_.lost.push_back({sequence->first, sequence->second.epoch, sequence->second.strikes});
  forget(sequence);
}

void schedule::forget(entries::iterator sequence) {
  if (!sequence->second.cancelled)
    orders_.forgotten.push_back(sequence->first);
  entries_.erase(sequence);
}

} // namespace troupe
