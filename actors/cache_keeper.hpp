// Keeps finished answers, and brings equal requests together on one run.
#pragma once

#include <optional>
#include <string>

#include "actors/flights.hpp"
#include "actors/generation.hpp"
#include "actors/options.hpp"
#include "actors/protocol/interfaces.hpp"
#include "cache/response_cache.hpp"

namespace troupe {

struct cache_keeper_state;
using cache_pointer = cache_actor::stateful_pointer<cache_keeper_state>;

/// What generations are made from. The cache itself and the gateway of each run come to the links later.
struct generation_parts {
  generation_links links;
  model_texts texts;
  generation_options options;
};

/// The answers that are kept and the runs in flight. What is a hit, a join or a start is decided in `lookup`.
struct cache_keeper_state {
  explicit cache_keeper_state(cache_pointer self) : self_{self} {}

  void start(cache::response_cache_options options, generation_parts parts);

  void lookup(const admitted_request& admitted, const edge_actor& edge, sink_id sink, const gateway_actor& gateway);
  void detach(sink_id sink, detach_reason reason);
  void finished(run_id run, finished_answer answer);
  void ended(run_id run);
  std::uint64_t clear();
  /// Ends the generations, which fail their sinks.
  void stop();

private:
  void replay(const finished_answer& answer, const admitted_request& admitted, const edge_actor& edge, sink_id sink,
    const gateway_actor& gateway);
  void refuse(const admitted_request& admitted, const failure& reason, const edge_actor& edge, sink_id sink,
    const gateway_actor& gateway);
  void start_run(
    const admitted_request& admitted, const model_text& text, std::string key, const gateway_actor& gateway);
  void report_load();

  cache_pointer self_;
  generation_parts parts_;
  std::optional<cache::response_cache<finished_answer>> answers_;
  flight_table flights_;
  cache_load reported_;
};

/// The cache actor. A request is answered from an equal one only when all their bytes that matter are equal
/// (`canonical`). An answer is kept when its run has finished; never that of a run that failed or was cancelled.
cache_actor::behavior_type cache_keeper(
  cache_pointer self, cache::response_cache_options options, generation_parts parts);

} // namespace troupe
