// The moments at which refused clients were told to come back, as plain data.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "actors/protocol/types.hpp"

namespace troupe {

using time_point = std::chrono::steady_clock::time_point;

/// A request that may come back: whose it is, and a hash of what it asks for.
struct promise_key {
  std::string client;
  std::uint64_t asked = 0;
  friend auto operator<=>(const promise_key&, const promise_key&) = default;
};

/// Who a request is when it comes again.
promise_key key_of(const native_request& request);

/// A line of moments, none closer to the next than the company can serve.
///
/// Whoever is refused gets the first moment that is far enough from the others', and keeps it: a request that comes
/// back at its moment, or within `grace` after it, is known again. One that comes early is told another moment, and may
/// still come at its first. Not thread safe: the gateway owns it.
class promises {
public:
  static constexpr std::chrono::seconds grace{5};

  /// At most so many moments are kept.
  explicit promises(std::size_t most = 4096) : most_{most} {}

  /// The first moment that is `spacing` away from all others, and not before `earliest`. When the line is full, or the
  /// same request has `most_alike` moments already, one after all others is given without being kept.
  time_point give(const promise_key& who, time_point earliest, timespan spacing, time_point now);

  /// Takes a moment out that has come for this request. Whether there was one.
  bool redeem(const promise_key& who, time_point now);

  /// The moment will not be needed: the request was served otherwise.
  void withdraw(const promise_key& who, time_point moment);

  /// Those who may come from now on until `ahead` has passed, and those whose grace is not over.
  std::size_t due(time_point now, timespan ahead);

  std::size_t size() const { return line_.size(); }

private:
  static constexpr std::size_t most_alike = 64;
  void expire(time_point now);
  time_point next_free(time_point earliest, timespan spacing);
  void remove(const promise_key& who, time_point moment);

  std::size_t most_;
  /// The last moment that was given without being kept.
  time_point last_unkept_{};
  /// Up to here no moment is free for those who stand `searched_spacing_` apart.
  time_point searched_until_{};
  timespan searched_spacing_{0};
  std::set<std::pair<time_point, promise_key>> line_;
  std::map<promise_key, std::set<time_point>> moments_;
};

} // namespace troupe
