#include "actors/schedule.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

sequence_failed too_long(const placement_request& work, const std::vector<const worker_credit*>& workers) {
  std::size_t largest = 0;
  for (const auto* worker : workers)
    largest = std::max(
      largest, std::min<std::size_t>(worker->size.context, std::size_t{worker->size.blocks} * worker->size.block_size));
  sequence_failed failed{work.key, 0, {}};
  failed.reason.code = failure_code::context_length_exceeded;
  failed.reason.message = "the sequence has " + std::to_string(work.tokens.size()) +
    " tokens and needs room for one more; the largest worker of model '" + work.model + "' holds " +
    std::to_string(largest);
  return failed;
}

sequence_failed no_tokens(const placement_request& work) {
  sequence_failed failed{work.key, 0, {}};
  failed.reason.code = failure_code::invalid_request;
  failed.reason.message = "a prompt must have at least 1 token, got 0";
  return failed;
}

} // namespace

std::uint64_t eviction_rank(std::int32_t priority, time_point arrived) {
  constexpr std::int64_t most = (std::int64_t{1} << 23) - 1;
  constexpr std::int64_t last = (std::int64_t{1} << 40) - 1;
  const auto lowness = most - std::clamp<std::int64_t>(priority, -most - 1, most);
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(arrived.time_since_epoch()).count();
  const auto lateness = std::clamp<std::int64_t>(milliseconds, 0, last);
  return static_cast<std::uint64_t>(lowness) << 40 | static_cast<std::uint64_t>(lateness);
}

bool schedule::request(placement_request work, time_point now) {
  if (entries_.contains(work.key))
    return false;
  if (work.tokens.empty()) {
    orders_.failed.push_back(no_tokens(work));
    orders_.forgotten.push_back(work.key);
    return true;
  }
  const auto arrived = now - work.waited;
  const auto key = work.key;
  queues_[work.model].push(key, turn_of(work.priority, arrived, ++arrivals_, options_.aging));
  entry waiting;
  waiting.rank = eviction_rank(work.priority, arrived);
  waiting.work = std::move(work);
  entries_.emplace(key, std::move(waiting));
  return true;
}

void schedule::cancel(const sequence_key& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.cancelled)
    return;
  auto& sequence = found->second;
  if (sequence.epoch == 0) {
    const auto queue = queues_.find(sequence.work.model);
    queue->second.erase(key);
    if (queue->second.empty())
      queues_.erase(queue);
    forget(found);
    return;
  }
  sequence.cancelled = true;
  orders_.removals.push_back({sequence.worker, key, sequence.epoch});
  orders_.forgotten.push_back(key);
}

void schedule::worker_is_ready(const worker_ready& ready) {
  if (workers_.contains(ready.worker))
    worker_is_gone(ready.worker);
  workers_.insert_or_assign(ready.worker, fresh_credit(ready));
}

void schedule::worker_is_gone(worker_id id) {
  const auto worker = workers_.find(id);
  if (worker == workers_.end() || !worker->second.present)
    return;
  worker->second.present = false;
  worker->second.placed = 0;
  for (auto i = entries_.begin(); i != entries_.end();) {
    const auto sequence = i++;
    if (sequence->second.epoch != 0 && sequence->second.worker == id)
      lose(sequence);
  }
}

void schedule::worker_has_room(const room& free) {
  const auto worker = workers_.find(free.worker);
  if (worker == workers_.end() || !worker->second.present)
    return;
  update_credit(worker->second, free);
  for (const auto& who : free.left)
    take_leave(who, worker->second);
}

void schedule::take_leave(const departure& who, worker_credit& worker) {
  const auto found = entries_.find(who.key);
  if (found == entries_.end() || found->second.epoch != who.epoch)
    return;
  --worker.placed;
  if (who.reason == departure_reason::evicted) {
    lose(found);
    return;
  }
  --running_;
  forget(found);
}

void schedule::lose(entries::iterator sequence) {
  --running_;
  if (!sequence->second.cancelled)
    orders_.lost.push_back({sequence->first, sequence->second.epoch});
  forget(sequence);
}

void schedule::forget(entries::iterator sequence) {
  if (!sequence->second.cancelled)
    orders_.forgotten.push_back(sequence->first);
  entries_.erase(sequence);
}

schedule_orders schedule::decide() {
  for (auto i = queues_.begin(); i != queues_.end();) {
    place_queue(i->first, i->second);
    i = i->second.empty() ? queues_.erase(i) : std::next(i);
  }
  return std::exchange(orders_, {});
}

void schedule::place_queue(const std::string& model, run_queue& queue) {
  std::vector<worker_id> ids;
  std::vector<const worker_credit*> workers;
  for (const auto& [id, worker] : workers_) {
    if (worker.size.model != model)
      continue;
    ids.push_back(id);
    workers.push_back(&worker);
  }
  while (!queue.empty() && !workers.empty()) {
    const auto found = entries_.find(queue.front());
    auto& sequence = found->second;
    const auto tokens = sequence.work.tokens.size();
    if (std::none_of(workers.begin(), workers.end(), [&](const auto* w) { return could_hold(*w, tokens); })) {
      orders_.failed.push_back(too_long(sequence.work, workers));
      queue.erase(found->first);
      forget(found);
      continue;
    }
    const auto chosen = choose_worker(workers, model, tokens);
    if (!chosen)
      return;
    queue.erase(found->first);
    place(sequence, workers_.at(ids[*chosen]));
  }
}

void schedule::place(entry& sequence, worker_credit& worker) {
  assignment work;
  work.number = charge(worker, sequence.work.tokens.size());
  work.epoch = ++last_epoch_;
  work.rank = sequence.rank;
  work.work = std::exchange(sequence.work, {});
  sequence.epoch = work.epoch;
  sequence.worker = worker.size.worker;
  ++running_;
  orders_.placements.push_back({sequence.worker, std::move(work)});
}

scheduler_load schedule::load() const {
  return {static_cast<std::uint32_t>(entries_.size()) - running_, running_};
}

} // namespace troupe
