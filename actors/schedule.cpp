#include "actors/schedule.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "actors/schedule_failures.hpp"

namespace troupe {

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
  if (const auto lost = lost_models_.find(work.model); lost != lost_models_.end()) {
    orders_.failed.push_back(no_worker(work.key, lost->second));
    orders_.forgotten.push_back(work.key);
    return true;
  }
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
  waiting.strikes = work.strikes;
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

// -- placing --------------------------------------------------------------------------------------------------------

schedule_orders schedule::decide(time_point now) {
  for (auto i = queues_.begin(); i != queues_.end();) {
    place_queue(i->first, i->second, now);
    i = i->second.empty() ? queues_.erase(i) : std::next(i);
  }
  return std::exchange(orders_, {});
}

void schedule::place_queue(const std::string& model, run_queue& queue, time_point now) {
  std::vector<worker_id> workers;
  for (const auto& [id, worker] : workers_)
    if (worker.size.model == model && !worker.draining)
      workers.push_back(id);
  while (!queue.empty() && !workers.empty()) {
    const auto found = entries_.find(queue.front());
    auto& sequence = found->second;
    const auto tokens = sequence.work.tokens.size();
    const auto candidates = candidates_for(sequence, workers);
    if (std::none_of(
          candidates.begin(), candidates.end(), [&](const candidate& x) { return could_hold(*x.worker, tokens); })) {
      orders_.failed.push_back(too_long(sequence.work, candidates));
      queue.erase(found->first);
      forget(found);
      continue;
    }
    const auto chosen = choose_worker(candidates, tokens, sequence.strikes > 0);
    if (!chosen)
      return;
    queue.erase(found->first);
    place(sequence, workers_.at(workers[*chosen]), now);
  }
}

std::vector<candidate> schedule::candidates_for(entry& sequence, const std::vector<worker_id>& workers) {
  std::vector<candidate> out;
  for (const auto id : workers) {
    const auto& worker = workers_.at(id);
    // With one worker there is nothing to choose.
    const auto blocks = workers.size() > 1 ? prefixes_.match(id, hashes_of(sequence, worker.size.block_size)) : 0;
    out.push_back({&worker, blocks * worker.size.block_size});
  }
  return out;
}

const std::vector<cache::block_hash>& schedule::hashes_of(entry& sequence, std::size_t block_size) {
  if (sequence.hashed_block_size != block_size) {
    const auto& work = sequence.work;
    sequence.hashes = cache::hash_full_blocks(
      hasher_, hasher_.scope(work.model, work.adapter, work.tenant_salt), work.tokens, block_size);
    sequence.hashed_block_size = block_size;
  }
  return sequence.hashes;
}

void schedule::place(entry& sequence, worker_credit& worker, time_point now) {
  if (worker.placed == 0)
    worker.last_progress = now;
  if (sequence.hashed_block_size == worker.size.block_size)
    prefixes_.insert(worker.size.worker, sequence.hashes);
  sequence.hashes = {};
  sequence.on_trial = sequence.strikes > 0;
  worker.on_trial += sequence.on_trial ? 1 : 0;
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
  scheduler_load out{static_cast<std::uint32_t>(entries_.size()) - running_, running_, {}};
  std::map<std::string_view, model_load> models;
  const auto of = [&](const std::string& model) -> model_load& {
    return models.try_emplace(model, model_load{model, 0, 0}).first->second;
  };
  for (const auto& [model, queue] : queues_)
    of(model).waiting = static_cast<std::uint32_t>(queue.size());
  for (const auto& [id, worker] : workers_)
    of(worker.size.model).running += worker.placed;
  for (auto& [name, model] : models)
    if (model.waiting > 0 || model.running > 0)
      out.models.push_back(std::move(model));
  return out;
}

} // namespace troupe
