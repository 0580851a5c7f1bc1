#include "actors/run_queue.hpp"

namespace troupe {

turn turn_of(std::int32_t priority, time_point arrived, std::uint64_t arrival, timespan aging) {
  const std::int64_t time = timespan{arrived.time_since_epoch()}.count();
  if (aging.count() <= 0)
    return {-std::int64_t{priority}, time, arrival};
  std::int64_t interval = time / aging.count();
  std::int64_t rest = time % aging.count();
  if (rest < 0) {
    rest += aging.count();
    --interval;
  }
  return {interval - priority, rest, arrival};
}

bool run_queue::push(const sequence_key& key, const turn& when) {
  if (!turns_.emplace(key, when).second)
    return false;
  order_.emplace(when, key);
  return true;
}

bool run_queue::erase(const sequence_key& key) {
  const auto found = turns_.find(key);
  if (found == turns_.end())
    return false;
  order_.erase({found->second, key});
  turns_.erase(found);
  return true;
}

} // namespace troupe
