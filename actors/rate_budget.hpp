// How much each API key may still use up in this minute, as plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "actors/protocol/types.hpp"

namespace troupe {

using time_point = std::chrono::steady_clock::time_point;

/// Holds up to a minute's worth of something and fills itself up again, evenly over the minute. Counts in whole
/// numbers, so that nothing is lost or won however often it is asked.
class rate_bucket {
public:
  /// The largest limit whose arithmetic fits.
  static constexpr std::uint32_t most_per_minute = 100'000'000;

  /// A full one. `per_minute` is above 0 and at most `most_per_minute`.
  rate_bucket(std::uint32_t per_minute, time_point now) : limit_{per_minute}, level_{per_minute}, filled_{now} {}

  /// What was used up stays used up.
  void set_limit(std::uint32_t per_minute, time_point now);
  void fill(time_point now);
  /// May leave a debt.
  void take(std::int64_t amount) { level_ -= amount; }
  void give_back(std::int64_t amount);

  std::uint32_t limit() const { return static_cast<std::uint32_t>(limit_); }
  /// Below zero for a debt.
  std::int64_t level() const { return level_; }
  bool full() const { return level_ == limit_; }
  /// After its last `fill`, until there is this much, which is at most its limit.
  timespan time_until(std::int64_t level) const;

private:
  std::int64_t limit_;
  std::int64_t level_;
  /// Parts of the next one, in 1 / 60,000,000,000.
  std::int64_t part_ = 0;
  time_point filled_;
};

/// What a request may come to, in tokens.
struct token_need {
  /// It is not begun with less than this.
  std::uint64_t least = 0;
  /// It takes no more than this.
  std::uint64_t most = 0;
};

/// Prompt tokens (given, or a quarter of the text's bytes) and for each choice its `max_tokens`; of a request without
/// one at least a token and at most `context`, which is the longest prompt and answer of a model, zero for unknown.
token_need need_of(const native_request& request, std::size_t context);

/// Keeps keys within their requests and tokens per minute.
///
/// A request's tokens are set aside before it begins and settled when it has ended, so that requests at once cannot
/// spend the same tokens. Only a request that does not say how long it may be can leave a debt, and one whose prompt
/// had more tokens than its bytes let expect; the key waits until it is paid. Not thread safe: the gateway owns it.
class rate_budget {
public:
  /// Of so many keys it keeps books; of those that used nothing in the last minute it needs none.
  explicit rate_budget(std::size_t most_keys = 4096) : most_keys_{most_keys} {}

  struct verdict {
    bool admitted = false;
    /// Which limit is in the way, and how much would have been needed: `requests` or `tokens`.
    std::string what = {};
    std::uint64_t needed = 0;
    /// When it fits if nothing else is asked; zero for never.
    timespan retry_after{0};
  };

  /// Sets a request and its tokens aside. `limits` names a key; at least one limit is above 0.
  verdict reserve(sink_id sink, const rate_limits& limits, token_need need, time_point now);

  /// The request has ended, and this is what it used. Does nothing for a sink that has nothing set aside.
  void settle(sink_id sink, std::uint64_t tokens, time_point now);

  /// The request was not even begun: it counts as nothing.
  void cancel(sink_id sink, time_point now);

  /// What is left, for a key that was asked about before. The sink of the answer is the caller's to set.
  answer_admitted standing(const std::string& key, time_point now);

  std::size_t keys() const { return accounts_.size(); }

private:
  struct account {
    /// Where there is a limit.
    std::optional<rate_bucket> requests = {};
    std::optional<rate_bucket> tokens = {};
    /// Requests that have something set aside.
    std::size_t open = 0;
    time_point touched = {};
  };
  struct reservation {
    std::string key;
    std::int64_t tokens = 0;
  };
  account& open_account(const rate_limits& limits, time_point now);
  void make_room(time_point now);

  std::size_t most_keys_;
  std::map<std::string, account> accounts_;
  std::map<sink_id, reservation> reserved_;
};

} // namespace troupe
