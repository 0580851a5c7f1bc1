// What each worker can take, and which one takes a sequence: plain data, no actor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "actors/protocol/types.hpp"

namespace troupe {

/// What the scheduler knows of one worker.
///
/// Its free slots and blocks are what its last `room` said, less what was assigned since: a worker is never given
/// more than it said it can take.
struct worker_credit {
  struct on_its_way {
    std::uint64_t number = 0;
    std::uint32_t blocks = 0;
  };

  worker_ready size;
  /// Whether it is there; its size stays known while it is restarted.
  bool present = false;
  std::uint32_t free_slots = 0;
  std::uint32_t free_blocks = 0;
  /// Number of the last assignment.
  std::uint64_t assigned = 0;
  /// Assignments that its last `room` had not seen, oldest first.
  std::deque<on_its_way> unseen;
  /// Sequences placed there, from their placement to their departure.
  std::uint32_t placed = 0;
};

/// A fresh worker: all of its room is free.
worker_credit fresh_credit(const worker_ready& ready);

/// Takes in what a worker says of its room.
void update_credit(worker_credit& worker, const room& free);

/// Counts one more assignment of a sequence that has `tokens` tokens, and returns its number.
std::uint64_t charge(worker_credit& worker, std::size_t tokens);

std::uint32_t slots_left(const worker_credit& worker);
std::uint32_t blocks_left(const worker_credit& worker);

/// Blocks that hold `tokens` tokens.
std::uint32_t blocks_for(std::size_t tokens, std::size_t block_size);

/// Whether the worker could take a sequence of `tokens` tokens and give it one more, were it empty.
bool could_hold(const worker_credit& worker, std::size_t tokens);

/// Whether the worker can take the sequence now: a slot, blocks for its tokens and the next one, and, so that it does
/// not push out at the next block boundary those who run, one block more for each of them.
bool can_take(const worker_credit& worker, std::size_t tokens);

/// The index of the worker that takes a sequence of `tokens` tokens in now: of those that hold its model and can, the
/// one with the fewest sequences, then with the most blocks left, then the first. Nothing when none can.
std::optional<std::size_t> choose_worker(
  const std::vector<const worker_credit*>& workers, const std::string& model, std::size_t tokens);

} // namespace troupe
