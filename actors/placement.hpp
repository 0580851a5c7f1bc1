// What each worker can take, and which one takes a sequence: plain data, no actor.
#pragma once

#include <chrono>
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
  /// Whether it is to be removed: it takes nothing new.
  bool draining = false;
  std::uint32_t free_slots = 0;
  std::uint32_t free_blocks = 0;
  /// Number of the last assignment.
  std::uint64_t assigned = 0;
  /// Assignments that its last `room` had not seen, oldest first.
  std::deque<on_its_way> unseen;
  /// Sequences placed there, from their placement to their departure.
  std::uint32_t placed = 0;
  /// Of these, those that lost a worker before and whose prompt has not gone through this one yet.
  std::uint32_t on_trial = 0;
  /// When it last finished a step, or went from idle to busy.
  std::chrono::steady_clock::time_point last_progress;
  timespan longest_step{0};
};

/// A fresh worker: all of its room is free.
worker_credit fresh_credit(const worker_ready& ready);

/// Takes in what a worker says of its room.
void update_credit(worker_credit& worker, const room& free, std::chrono::steady_clock::time_point now);

/// Counts one more assignment of a sequence that has `tokens` tokens, and returns its number.
std::uint64_t charge(worker_credit& worker, std::size_t tokens);

std::uint32_t slots_left(const worker_credit& worker);
std::uint32_t blocks_left(const worker_credit& worker);

/// Blocks that hold `tokens` tokens.
std::uint32_t blocks_for(std::size_t tokens, std::size_t block_size);

/// Whether the worker could take a sequence of `tokens` tokens and give it one more, were it empty.
bool could_hold(const worker_credit& worker, std::size_t tokens);

/// Whether the worker can take the sequence now: a slot, blocks for its tokens and the next one, and, so that it does
/// not push out at the next block boundary those who run, one block more for each of them. Of sequences on trial a
/// worker takes one at a time, so that it is known which one it died of.
bool can_take(const worker_credit& worker, std::size_t tokens, bool on_trial = false);

/// One worker as a candidate for one sequence.
struct candidate {
  const worker_credit* worker = nullptr;
  /// Tokens of the sequence that its KV cache is believed to hold already.
  std::size_t cached_tokens = 0;
};

/// The index of the worker that takes a sequence of `tokens` tokens in now: of those that can, the one that holds the
/// longest beginning of it, when that is half of it or more; else the one with the fewest sequences, then with the
/// most blocks left, then the first. Nothing when none can.
///
/// A short common beginning, such as a chat template's first lines, must not draw all requests to one worker.
std::optional<std::size_t> choose_worker(const std::vector<candidate>& candidates, std::size_t tokens, bool on_trial);

/// How long a worker may have work and finish no step before it is given up.
timespan stall_limit(const worker_credit& worker, timespan least, std::uint32_t factor);

} // namespace troupe
