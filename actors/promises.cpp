#include "actors/promises.hpp"

#include <algorithm>
#include <functional>

namespace troupe {

promise_key key_of(const native_request& request) {
  return {request.client, std::hash<std::string>{}(canonical(request))};
}

time_point promises::give(const promise_key& who, time_point earliest, timespan spacing, time_point now) {
  expire(now);
  // Those that are not kept count as the others do: their clients come, too.
  const auto last = line_.empty() ? last_unkept_ : std::max(last_unkept_, line_.rbegin()->first);
  const auto moment = std::max(earliest, last + std::max(spacing, timespan{1}));
  auto& own = moments_[who];
  if (line_.size() < most_ && own.size() < most_alike) {
    own.insert(moment);
    line_.emplace(moment, who);
    return moment;
  }
  if (own.empty())
    moments_.erase(who);
  return last_unkept_ = moment;
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
