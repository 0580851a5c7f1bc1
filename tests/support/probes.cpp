#include "tests/support/probes.hpp"

#include "actors/encoder.hpp"

namespace troupe::test {

namespace {

using shared_log = std::shared_ptr<probe_log>;

scheduler_actor::behavior_type scheduler_probe(scheduler_actor::pointer, shared_log log) {
  return {
    [log](const placement_request& x, const generation_actor& asker) {
      log->places.push_back(x);
      log->askers.push_back(asker);
    },
    [log](cancel_atom, const sequence_key& key) { log->cancels.push_back(key); },
    [](const worker_ready&, const worker_actor&, const supervisor_actor&) {},
    [](const worker_gone&) {},
    [](drain_atom, worker_id) {},
    [](const model_lost&) {},
    [](restart_atom, const std::string&) {},
    [](register_atom, const supervisor_actor&) {},
    [](const room&) {},
    [](tick_atom) {},
  };
}

fan_out_actor::behavior_type fan_out_probe(fan_out_actor::pointer, shared_log log) {
  return {
    [log](register_atom, run_id run, const generation_actor& generation) { log->registered[run] = generation; },
    [log](unregister_atom, run_id run) { log->registered.erase(run); },
    [](const step_report&) {},
  };
}

cache_actor::behavior_type cache_probe(cache_actor::pointer, shared_log log) {
  return {
    [log](lookup_atom, const admitted_request& x, const edge_actor&, sink_id, const gateway_actor&) {
      log->lookups.push_back(x);
    },
    [log](detach_atom, sink_id sink, detach_reason reason) { log->detaches.emplace_back(sink, reason); },
    [log](finished_atom, run_id, const finished_answer& x) { log->finished.push_back(x); },
    [log](ended_atom, run_id run) { log->ended_runs.push_back(run); },
    [](clear_atom) { return std::uint64_t{0}; },
  };
}

gateway_actor::behavior_type gateway_probe(gateway_actor::pointer, shared_log log) {
  return {
    [](submit_atom, const native_request&, const edge_actor&, sink_id) {},
    [](detach_atom, sink_id, detach_reason) {},
    [log](placed_atom, sink_id sink) { log->placed_sinks.push_back(sink); },
    [log](ended_atom, sink_id sink, const token_usage&) { log->ended_sinks.push_back(sink); },
    [](tick_atom) {},
    [](drain_atom, timespan) { return std::uint64_t{0}; },
  };
}

metrics_actor::behavior_type metrics_probe(metrics_actor::pointer, shared_log log) {
  return {
    [log](started_atom) { ++log->started; },
    [log](const sink_record& x) { log->records.push_back(x); },
    [](const step_record&) {},
    [](const worker_ready&) {},
    [](const scheduler_load&) {},
    [log](const cache_load& x) { log->cache_loads.push_back(x); },
    [](const worker_status&) {},
    [](const worker_gone&) {},
    [](snapshot_atom) { return metrics_snapshot{}; },
    [](expose_atom) { return std::string{}; },
  };
}

} // namespace

probes::probes(deterministic_system& system, const model_texts& texts)
    : log{std::make_shared<probe_log>()},
      scheduler{system.spawn(scheduler_probe, log)},
      fan_out{system.spawn(fan_out_probe, log)},
      encoder{system.spawn(troupe::encoder, texts)},
      cache{system.spawn(cache_probe, log)},
      gateway{system.spawn(gateway_probe, log)},
      metrics{system.spawn(metrics_probe, log)} {}

} // namespace troupe::test
