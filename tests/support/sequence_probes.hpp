// Stands for the neighbours of workers, scheduler and supervisor: keeps what each was told.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/protocol/interfaces.hpp"
#include "actors/worker.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/support/fake_engine.hpp"

namespace troupe::test {

/// All that the neighbours were told, in order.
struct sequence_log {
  // scheduler
  std::vector<room> rooms;
  std::vector<std::pair<worker_ready, worker_actor>> ready;
  std::vector<worker_gone> gone;
  std::vector<worker_id> draining;
  std::vector<model_lost> lost_models;
  // fan_out
  std::vector<step_report> reports;
  // metrics
  std::vector<step_record> steps;
  std::vector<scheduler_load> loads;
  /// What the supervisor heard of the loads.
  std::vector<scheduler_load> supervised;
  /// Models that may be asked for again.
  std::vector<std::string> hopes;
  std::vector<worker_ready> measured;
  // supervisor
  std::vector<std::pair<worker_ready, worker_actor>> loaded;
  std::vector<worker_failed> failed;
  std::vector<std::pair<worker_id, timespan>> stalls;
  std::vector<worker_id> drained;
  // workers
  std::vector<assignment> assignments;
  std::vector<std::pair<sequence_key, epoch_id>> removals;
  std::vector<drill_kind> drills;

  /// Why the sequence of this run left, in the order in which it was told.
  std::vector<departure_reason> departures(run_id run) const;
  /// All tokens reported for this run, and how they end.
  std::vector<token_id> tokens(run_id run) const;
  finish_reason finish(run_id run) const;
  /// Failures reported for this run.
  std::vector<failure> failures(run_id run) const;
};

/// Names KV blocks in tests.
inline cache::block_hasher test_hasher() {
  return cache::block_hasher{{7}};
}

/// Neighbours that do nothing but write down what they are told.
struct sequence_probes {
  explicit sequence_probes(deterministic_system& system);

  std::shared_ptr<sequence_log> log;
  scheduler_actor scheduler;
  fan_out_actor fan_out;
  metrics_actor metrics;
  supervisor_actor supervisor;

  worker_peers peers() const { return {scheduler, fan_out, metrics, supervisor}; }
};

/// A worker that writes down what it is told.
worker_actor::behavior_type idle_worker(worker_actor::pointer self, std::shared_ptr<sequence_log> log);

/// What a run's generation has of one sequence.
struct sequence_view {
  placement_request work;
  epoch_id epoch = 0;
  std::vector<placement> placements;
  std::vector<token_id> answer;
  finish_reason finish = finish_reason::none;
  std::optional<failure> failed;
  std::size_t lost = 0;
  /// One sentence for each token that came twice, out of order or after the end.
  std::vector<std::string> breaches;
};

/// Does what a generation does with one sequence: accepts the tokens of the epoch that holds, and asks for another
/// place when it is lost.
generation_actor::behavior_type sequence_client(
  generation_actor::pointer self, std::shared_ptr<sequence_view> view, scheduler_actor scheduler);

/// A request for the next tokens of a prompt.
placement_request ask_for(run_id run, std::vector<token_id> prompt, std::uint32_t max_tokens);

/// `count` tokens from `first` on.
std::vector<token_id> prompt_of(std::size_t count, token_id first = 10);

} // namespace troupe::test
