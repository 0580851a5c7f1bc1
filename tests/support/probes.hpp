// Stands for the neighbours of the actor under test: keeps what each was told.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "actors/generation.hpp"
#include "tests/support/deterministic_system.hpp"

namespace troupe::test {

/// All that the neighbours were told, in order.
struct probe_log {
  // scheduler
  std::vector<placement_request> places;
  std::vector<generation_actor> askers;
  std::vector<sequence_key> cancels;
  // fan_out
  std::map<run_id, generation_actor> registered;
  // cache
  std::vector<admitted_request> lookups;
  std::vector<std::pair<sink_id, detach_reason>> detaches;
  std::vector<finished_answer> finished;
  std::vector<run_id> ended_runs;
  // gateway
  std::vector<sink_id> placed_sinks;
  std::vector<sink_id> ended_sinks;
  // metrics
  std::size_t started = 0;
  std::vector<sink_record> records;
  std::vector<cache_load> cache_loads;
};

/// A company in which nobody does anything, but for the encoder, which is real.
struct probes {
  std::shared_ptr<probe_log> log;
  scheduler_actor scheduler;
  fan_out_actor fan_out;
  encoder_actor encoder;
  cache_actor cache;
  gateway_actor gateway;
  metrics_actor metrics;

  probes(deterministic_system& system, const model_texts& texts);

  generation_links links() const { return {scheduler, fan_out, encoder, cache, gateway, metrics}; }
};

} // namespace troupe::test
