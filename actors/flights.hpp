// The runs in flight, and who listens to them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "actors/protocol/interfaces.hpp"

namespace troupe {

/// A run from its start until its generation says that it ended.
struct flight {
  generation_actor generation;
  /// The canonical request; empty for a run that nobody may join and whose answer is not kept.
  std::string key;
  std::set<sink_id> sinks;
};

/// Which sink listens to which run, and which run answers which request.
///
/// Sinks join a run while one is left on it. When its last sink leaves, its key is free at once: an equal request
/// that comes then starts anew, while the old run is still on its way out. Plain data.
class flight_table {
public:
  /// The run to join for a key.
  std::optional<run_id> find(std::string_view key) const;

  /// Adds a run without sinks. Its key must be free.
  void start(run_id run, std::string key, generation_actor generation);

  /// Puts a sink on a run that is here, and returns its generation.
  const generation_actor& join(run_id run, sink_id sink);

  /// Takes a sink off its run. Returns the run's generation, or nothing for a sink that is on none.
  std::optional<generation_actor> leave(sink_id sink);

  /// Forgets a run that has ended, and its sinks. Returns nothing for a run that is not here.
  std::optional<flight> end(run_id run);

  /// By run.
  const std::map<run_id, flight>& all() const { return flights_; }

private:
  void free_key(run_id run, const flight& x);

  std::map<run_id, flight> flights_;
  std::map<sink_id, run_id> run_of_;
  /// Views into the flights' keys, which a map never moves.
  std::unordered_map<std::string_view, run_id> by_key_;
};

} // namespace troupe
