// One worker with a fake engine, and neighbours that write down what it tells them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "actors/worker.hpp"
#include "tests/support/sequence_probes.hpp"

namespace troupe::test {

struct worker_fixture : deterministic_system {
  sequence_probes peers{*this};
  std::shared_ptr<fake_engine_log> engine = std::make_shared<fake_engine_log>();
  fake_engine_options model;
  worker_options options;
  worker_actor w;
  std::uint64_t numbers = 0;
  std::size_t hangs = 0;
  std::shared_ptr<grammar_store> grammars;
  /// What happens while the engine computes a step, by the step's number.
  std::map<std::size_t, std::function<void()>> during;

  void start() {
    if (!model.before_step)
      model.before_step = [this](std::size_t step, const engine::batch&) {
        if (const auto event = during.find(step); event != during.end())
          event->second();
      };
    start(fake_loader(model, engine));
  }

  void start(engine_loader load) {
    options.model = "m";
    options.eos = {model.eos};
    w = spawn(worker, worker_id{3}, options, peers.peers(),
      worker_tools{std::move(load), test_hasher(), [this] { ++hangs; }, grammars});
    run();
  }

  sequence_log& log() { return *peers.log; }

  /// Sends an assignment and does not let the worker work. The epoch is the run's number, and so is the rank.
  void assign(placement_request work) {
    const auto run = work.key.run;
    self->send(w, assignment{std::move(work), run, ++numbers, run});
  }

  void let_go(run_id run) { self->send(w, remove_atom_v, sequence_key{run, 0}, epoch_id{run}); }

  std::vector<std::size_t> new_tokens(std::size_t step) {
    std::vector<std::size_t> rows;
    for (const auto& row : engine->steps.at(step).rows)
      rows.push_back(row.new_tokens());
    return rows;
  }

  const room& last_room() { return log().rooms.back(); }
  std::vector<token_id> expected(std::size_t prompt, std::size_t count, token_id first = 10) {
    return expected_answer(model, prompt_of(prompt, first), count);
  }
};

using sizes = std::vector<std::size_t>;
using reasons = std::vector<departure_reason>;

} // namespace troupe::test
