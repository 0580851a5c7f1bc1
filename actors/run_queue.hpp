// Who waits, in the order in which they are to run: plain data, no actor.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "actors/protocol/types.hpp"

namespace troupe {

using time_point = std::chrono::steady_clock::time_point;

/// When a sequence's turn comes: the smaller turn runs first.
///
/// A waiting sequence gains one step of priority per `aging`, smoothly. All gain at the same rate, so who comes
/// before whom never changes while they wait: it is settled by `arrival - priority * aging`, here counted in whole
/// intervals and the rest, so that no priority overflows.
struct turn {
  std::int64_t interval = 0;
  std::int64_t rest = 0;
  /// First come, first served where all else is equal.
  std::uint64_t arrival = 0;
  friend auto operator<=>(const turn&, const turn&) = default;
};

/// The turn of a sequence with this priority that has waited since `arrived`. Without aging (zero) a higher priority
/// always comes first.
turn turn_of(std::int32_t priority, time_point arrived, std::uint64_t arrival, timespan aging);

/// Sequences that wait, by turn. Not thread safe: its scheduler owns it.
class run_queue {
public:
  /// Adds a sequence. Returns false, and adds nothing, when it waits already.
  bool push(const sequence_key& key, const turn& when);

  /// Takes a sequence out. Returns false when it does not wait.
  bool erase(const sequence_key& key);

  /// Who runs next. There must be one.
  const sequence_key& front() const { return order_.begin()->second; }

  std::size_t size() const { return order_.size(); }
  bool empty() const { return order_.empty(); }

private:
  std::set<std::pair<turn, sequence_key>> order_;
  std::map<sequence_key, turn> turns_;
};

} // namespace troupe
