// A supervisor with fake engines, and neighbours that write down what it tells them.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "actors/supervisor.hpp"
#include "tests/support/sequence_probes.hpp"

namespace troupe::test {

using namespace std::chrono_literals;

inline supervisor_options quick() {
  supervisor_options options;
  options.restart_delay = 100ms;
  options.max_restart_delay = 300ms;
  options.drills = true;
  return options;
}

struct supervisor_fixture : deterministic_system {
  sequence_probes peers{*this};
  std::shared_ptr<fake_engine_log> engine = std::make_shared<fake_engine_log>();
  /// What the next loads do; they succeed when it is empty.
  std::function<void(const engine::engine_options&)> on_load;
  /// What a reload finds.
  std::vector<worker_options> config;
  bool config_holds = true;
  std::size_t hangs = 0;
  supervisor_actor chief;

  static worker_options worker_on(std::size_t device) {
    worker_options out;
    out.model = "m";
    out.engine.device = "device:" + std::to_string(device);
    return out;
  }

  void start(std::size_t workers = 1) {
    std::vector<worker_options> options;
    for (std::size_t i = 0; i < workers; ++i)
      options.push_back(worker_on(i));
    start_with(options, quick());
  }

  void start_with(const std::vector<worker_options>& options, const supervisor_options& rules) {
    config = options;
    world outside;
    outside.detached = false;
    outside.load_engine = [this](const engine::engine_options& asked) {
      if (on_load)
        on_load(asked);
      return fake_loader({}, engine)(asked);
    };
    outside.read_workers = [this] {
      if (!config_holds)
        throw std::runtime_error("a.toml:3: worker.threads must be a whole number, got \"two\"");
      return config;
    };
    outside.hang = [this] { ++hangs; };
    chief = spawn(supervisor, rules, options, peers.scheduler, peers.fan_out, peers.metrics, test_hasher(), outside);
    run();
  }

  sequence_log& log() { return *peers.log; }
  std::vector<worker_status> status() { return ask<company_status>(chief, status_atom_v).workers; }

  void kill(std::size_t start) {
    caf::anon_send_exit(log().ready.at(start).second, caf::exit_reason::kill);
    run();
  }

  reload_result reload() { return ask<reload_result>(chief, reload_atom_v); }
};

} // namespace troupe::test
