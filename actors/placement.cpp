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

void update_credit(worker_credit& worker, const room& free) {
  worker.free_slots = free.free_slots;
  worker.free_blocks = free.free_blocks;
  while (!worker.unseen.empty() && worker.unseen.front().number <= free.last_admit_seen)
    worker.unseen.pop_front();
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

bool can_take(const worker_credit& worker, std::size_t tokens) {
  return worker.present && could_hold(worker, tokens) && slots_left(worker) > 0 &&
    blocks_left(worker) >= blocks_for(tokens + 1, worker.size.block_size) + worker.placed;
}

std::optional<std::size_t> choose_worker(
  const std::vector<const worker_credit*>& workers, const std::string& model, std::size_t tokens) {
  // Smaller is better. What a worker holds of the sequence's prefix is to come first here.
  const auto load = [&](std::size_t i) {
    return std::tuple{workers[i]->placed, -std::int64_t{blocks_left(*workers[i])}, i};
  };
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < workers.size(); ++i)
    if (workers[i]->size.model == model && can_take(*workers[i], tokens) && (!best || load(i) < load(*best)))
      best = i;
  return best;
}

} // namespace troupe
