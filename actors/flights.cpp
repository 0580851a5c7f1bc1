#include "actors/flights.hpp"

#include <utility>

namespace troupe {

std::optional<run_id> flight_table::find(std::string_view key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? std::nullopt : std::optional{found->second};
}

void flight_table::start(run_id run, std::string key, generation_actor generation) {
  const auto added = flights_.emplace(run, flight{std::move(generation), std::move(key), {}}).first;
  if (!added->second.key.empty())
    by_key_.emplace(added->second.key, run);
}

const generation_actor& flight_table::join(run_id run, sink_id sink) {
  auto& joined = flights_.at(run);
  joined.sinks.insert(sink);
  run_of_[sink] = run;
  return joined.generation;
}

std::optional<generation_actor> flight_table::leave(sink_id sink) {
  const auto found = run_of_.find(sink);
  if (found == run_of_.end())
    return std::nullopt;
  const auto run = found->second;
  run_of_.erase(found);
  auto& left = flights_.at(run);
  left.sinks.erase(sink);
  if (left.sinks.empty())
    free_key(run, left);
  return left.generation;
}

std::optional<flight> flight_table::end(run_id run) {
  const auto found = flights_.find(run);
  if (found == flights_.end())
    return std::nullopt;
  for (const auto sink : found->second.sinks)
    run_of_.erase(sink);
  free_key(run, found->second);
  flight out = std::move(found->second);
  flights_.erase(found);
  return out;
}

// The key may have passed to a younger run already.
void flight_table::free_key(run_id run, const flight& x) {
  if (const auto found = by_key_.find(x.key); found != by_key_.end() && found->second == run)
    by_key_.erase(found);
}

} // namespace troupe
