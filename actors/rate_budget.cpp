#include "actors/rate_budget.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr std::int64_t minute = 60'000'000'000;
/// A debt is never larger, so that sums stay far from the ends of their type.
constexpr std::uint64_t most_tokens = std::uint64_t{1} << 40;

void adopt(std::optional<rate_bucket>& bucket, std::uint32_t per_minute, time_point now) {
  const auto limit = std::min(per_minute, rate_bucket::most_per_minute);
  if (limit == 0)
    bucket.reset();
  else if (bucket)
    bucket->set_limit(limit, now);
  else
    bucket.emplace(limit, now);
}

bool idle(const std::optional<rate_bucket>& bucket) {
  return !bucket || bucket->full();
}

std::uint32_t left(const rate_bucket& bucket) {
  return static_cast<std::uint32_t>(std::max<std::int64_t>(bucket.level(), 0));
}

} // namespace

void rate_bucket::set_limit(std::uint32_t per_minute, time_point now) {
  fill(now);
  level_ = std::min<std::int64_t>(level_ + per_minute - limit_, per_minute);
  limit_ = per_minute;
  if (full())
    part_ = 0;
}

void rate_bucket::fill(time_point now) {
  // A debt may take longer than a minute, so time is taken in steps that fit.
  while (filled_ < now && !full()) {
    const auto passed = std::min<std::int64_t>((now - filled_).count(), minute);
    filled_ += timespan{passed};
    part_ += passed * limit_;
    level_ = std::min(level_ + part_ / minute, limit_);
    part_ %= minute;
  }
  if (full())
    part_ = 0;
  filled_ = std::max(filled_, now);
}

void rate_bucket::give_back(std::int64_t amount) {
  level_ = std::min(level_ + amount, limit_);
}

timespan rate_bucket::time_until(std::int64_t level) const {
  const std::int64_t missing = std::min(level, limit_) - level_;
  if (missing <= 0)
    return timespan{0};
  // Whole minutes apart, so that the product fits.
  const std::int64_t rest = missing % limit_ * minute - part_;
  return timespan{missing / limit_ * minute + (rest > 0 ? (rest + limit_ - 1) / limit_ : rest / limit_)};
}

token_need need_of(const native_request& request, std::size_t context) {
  std::uint64_t bytes = request.tools.size();
  if (request.form == prompt_form::text)
    bytes += request.prompt.size();
  for (const auto& message : request.messages)
    bytes += message.role.size() + message.content.size() + message.tool_calls.size();
  const std::uint64_t prompt = request.form == prompt_form::tokens ? request.prompt_tokens.size() : (bytes + 3) / 4;
  if (request.kind != work_kind::generate) {
    std::uint64_t behind = 0;
    for (const auto& one : request.continuations)
      behind += one.tokens.size() + (one.text.size() + 3) / 4;
    return {prompt + behind, prompt + behind};
  }
  const std::uint64_t choices = std::max<std::uint32_t>(request.params.choices, 1);
  if (request.params.max_tokens != 0) {
    const auto all = prompt + choices * request.params.max_tokens;
    return {all, all};
  }
  const auto longest = context > prompt ? context - prompt : 1;
  return {prompt + choices, context == 0 ? most_tokens : prompt + choices * longest};
}

rate_budget::verdict rate_budget::reserve(sink_id sink, const rate_limits& limits, token_need need, time_point now) {
  auto& x = open_account(limits, now);
  if (x.requests && x.requests->level() < 1)
    return {false, "requests", 1, x.requests->time_until(1)};
  if (x.tokens && x.tokens->level() < static_cast<std::int64_t>(std::min(need.least, most_tokens))) {
    const bool ever = need.least <= x.tokens->limit();
    const auto wait = ever ? x.tokens->time_until(static_cast<std::int64_t>(need.least)) : timespan{0};
    return {false, "tokens", need.least, wait};
  }
  reservation taken{limits.key};
  if (x.requests)
    x.requests->take(1);
  if (x.tokens) {
    taken.tokens = std::min(static_cast<std::int64_t>(std::min(need.most, most_tokens)), x.tokens->level());
    x.tokens->take(taken.tokens);
  }
  ++x.open;
  reserved_.emplace(sink, std::move(taken));
  return {true};
}

void rate_budget::settle(sink_id sink, std::uint64_t tokens, time_point now) {
  const auto found = reserved_.find(sink);
  if (found == reserved_.end())
    return;
  // An account with something set aside is never forgotten.
  auto& x = accounts_.at(found->second.key);
  --x.open;
  if (x.tokens) {
    x.tokens->fill(now);
    x.tokens->give_back(found->second.tokens - static_cast<std::int64_t>(std::min(tokens, most_tokens)));
  }
  reserved_.erase(found);
}

void rate_budget::cancel(sink_id sink, time_point now) {
  const auto found = reserved_.find(sink);
  if (found == reserved_.end())
    return;
  auto& x = accounts_.at(found->second.key);
  if (x.requests) {
    x.requests->fill(now);
    x.requests->give_back(1);
  }
  settle(sink, 0, now);
}

answer_admitted rate_budget::standing(const std::string& key, time_point now) {
  answer_admitted out;
  const auto found = accounts_.find(key);
  if (found == accounts_.end())
    return out;
  if (auto& bucket = found->second.requests) {
    bucket->fill(now);
    out.limit_requests = bucket->limit();
    out.remaining_requests = left(*bucket);
    out.reset_requests = bucket->time_until(bucket->limit());
  }
  if (auto& bucket = found->second.tokens) {
    bucket->fill(now);
    out.limit_tokens = bucket->limit();
    out.remaining_tokens = left(*bucket);
    out.reset_tokens = bucket->time_until(bucket->limit());
  }
  return out;
}

rate_budget::account& rate_budget::open_account(const rate_limits& limits, time_point now) {
  if (!accounts_.contains(limits.key) && accounts_.size() >= most_keys_)
    make_room(now);
  auto& x = accounts_[limits.key];
  adopt(x.requests, limits.requests_per_minute, now);
  adopt(x.tokens, limits.tokens_per_minute, now);
  for (auto* bucket : {&x.requests, &x.tokens})
    if (*bucket)
      (*bucket)->fill(now);
  x.touched = now;
  return x;
}

/// Forgets the keys that used nothing for a minute, else the one that was silent for longest.
void rate_budget::make_room(time_point now) {
  for (auto& [name, x] : accounts_)
    for (auto* bucket : {&x.requests, &x.tokens})
      if (*bucket)
        (*bucket)->fill(now);
  std::erase_if(accounts_, [](const auto& entry) {
    return entry.second.open == 0 && idle(entry.second.requests) && idle(entry.second.tokens);
  });
  if (accounts_.size() < most_keys_)
    return;
  auto oldest = accounts_.end();
  for (auto it = accounts_.begin(); it != accounts_.end(); ++it)
    if (it->second.open == 0 && (oldest == accounts_.end() || it->second.touched < oldest->second.touched))
      oldest = it;
  if (oldest != accounts_.end())
    accounts_.erase(oldest);
}

} // namespace troupe
