#include "actors/placement.hpp"

#include <algorithm>
#include <tuple>

namespace troupe {

worker_credit fresh_credit(const worker_ready& ready) {
  worker_credit worker;
  worker.size = ready;
  worker.size.block_size = std::max(ready.block_size, 1U);
  worker.present = true;
  worker.free_slots = ready.slots;
  worker.free_blocks = ready.blocks;
  return worker;
}

void update_credit(worker_credit& worker, const room& free, std::chrono::steady_clock::time_point now) {
  worker.free_slots = free.free_slots;
  worker.free_blocks = free.free_blocks;
  while (!worker.unseen.empty() && worker.unseen.front().number <= free.last_admit_seen)
    worker.unseen.pop_front();
  if (free.step_time.count() > 0) {
    worker.last_progress = now;
    worker.longest_step = std::max(worker.longest_step, free.step_time);
  }
}

std::uint64_t charge(worker_credit& worker, std::size_t tokens) {
  ++worker.assigned;
  ++worker.placed;
  worker.unseen.push_back({worker.assigned, blocks_for(tokens + 1, worker.size.block_size)});
  return worker.assigned;
}

std::uint32_t slots_left(const worker_credit& worker) {
  const auto unseen = static_cast<std::uint32_t>(worker.unseen.size());
  return worker.free_slots > unseen ? worker.free_slots - unseen : 0;
}

std::uint32_t blocks_left(const worker_credit& worker) {
  std::uint32_t unseen = 0;
  for (const auto& assignment : worker.unseen)
    unseen += assignment.blocks;
  return worker.free_blocks > unseen ? worker.free_blocks - unseen : 0;
}

std::uint32_t blocks_for(std::size_t tokens, std::size_t block_size) {
  return static_cast<std::uint32_t>((tokens + block_size - 1) / block_size);
}

bool could_hold(const worker_credit& worker, std::size_t tokens) {
  return tokens + 1 <= worker.size.context && blocks_for(tokens + 1, worker.size.block_size) <= worker.size.blocks;
}

bool can_take(const worker_credit& worker, std::size_t tokens, bool on_trial) {
  return worker.present && !worker.draining && !(on_trial && worker.on_trial > 0) && could_hold(worker, tokens) &&
    slots_left(worker) > 0 && blocks_left(worker) >= blocks_for(tokens + 1, worker.size.block_size) + worker.placed;
}

std::optional<std::size_t> choose_worker(const std::vector<candidate>& candidates, std::size_t tokens, bool on_trial) {
  // Smaller is better.
  const auto badness = [&](std::size_t i) {
    const auto& [worker, cached] = candidates[i];
    const auto saved = 2 * cached >= tokens ? static_cast<std::int64_t>(cached) : 0;
    return std::tuple{-saved, worker->placed, -std::int64_t{blocks_left(*worker)}, i};
  };
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < candidates.size(); ++i)
    if (can_take(*candidates[i].worker, tokens, on_trial) && (!best || badness(i) < badness(*best)))
      best = i;
  return best;
}

timespan stall_limit(const worker_credit& worker, timespan least, std::uint32_t factor) {
  return std::max(least, worker.longest_step * factor);
}

} // namespace troupe
