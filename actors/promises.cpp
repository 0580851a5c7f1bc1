#include "actors/promises.hpp"

#include <algorithm>
#include <functional>

namespace troupe {

promise_key key_of(const native_request& request) {
  return {request.client, std::hash<std::string>{}(canonical(request))};
}

time_point promises::give(const promise_key& who, time_point earliest, timespan spacing, time_point now) {
  expire(now);
  spacing = std::max(spacing, timespan{1});
  auto& own = moments_[who];
  if (line_.size() < most_ && own.size() < most_alike) {
    const auto moment = next_free(earliest, spacing);
    own.insert(moment);
    line_.emplace(moment, who);
    return moment;
  }
  if (own.empty())
    moments_.erase(who);
  // Those that are not kept count as the others do: their clients come, too.
  const auto last = line_.empty() ? last_unkept_ : std::max(last_unkept_, line_.rbegin()->first);
  return last_unkept_ = std::max(earliest, last + spacing);
}

time_point promises::next_free(time_point earliest, timespan spacing) {
  // Where the company has become faster than it was, there is room between moments that were given before.
  if (spacing < searched_spacing_ * 3 / 4) {
    searched_spacing_ = spacing;
    searched_until_ = {};
  }
  searched_spacing_ = std::max(searched_spacing_, spacing);
  auto moment = std::max(earliest, searched_until_);
  if (last_unkept_ != time_point{})
    moment = std::max(moment, last_unkept_ + spacing);
  auto after = line_.upper_bound({moment - spacing, {}});
  for (; after != line_.end() && after->first < moment + spacing; ++after)
    moment = std::max(moment, after->first + spacing);
  return searched_until_ = moment;
}

bool promises::redeem(const promise_key& who, time_point now) {
  expire(now);
  const auto found = moments_.find(who);
  if (found == moments_.end() || *found->second.begin() > now)
    return false;
  remove(who, *found->second.begin());
  return true;
}

void promises::withdraw(const promise_key& who, time_point moment) {
  if (const auto found = moments_.find(who); found != moments_.end() && found->second.contains(moment))
    remove(who, moment);
}

std::size_t promises::due(time_point now, timespan ahead) {
  expire(now);
  std::size_t count = 0;
  for (const auto& [moment, who] : line_) {
    if (moment > now + ahead)
      break;
    ++count;
  }
  return count;
}

void promises::expire(time_point now) {
  while (!line_.empty() && line_.begin()->first + grace < now)
    remove(promise_key{line_.begin()->second}, line_.begin()->first);
}

void promises::remove(const promise_key& who, time_point moment) {
  line_.erase({moment, who});
  const auto found = moments_.find(who);
  found->second.erase(moment);
  if (found->second.empty())
    moments_.erase(found);
}

} // namespace troupe
