// A gateway in one thread, on a fake clock.
#pragma once

#include <chrono>
#include <memory>
#include <utility>

#include "actors/gateway.hpp"
#include "tests/support/probes.hpp"
#include "tests/support/tiny_text.hpp"

namespace troupe::test {

/// A gateway whose neighbours only listen.
struct gateway_fixture : deterministic_system {
  probes peers{*this, tiny_texts(100)};
  std::shared_ptr<edge_log> heard = std::make_shared<edge_log>();
  edge_actor edge = spawn_edge(heard);
  std::uint64_t drawn = 1000;
  gateway_actor door;

  explicit gateway_fixture(std::size_t max_waiting = 2, std::size_t max_live = 4) {
    gateway_options options;
    options.max_waiting = max_waiting;
    options.max_live = max_live;
    options.request_timeout = std::chrono::seconds{10};
    door = spawn(gateway, options, peers.cache, peers.metrics, [this] { return ++drawn; });
  }

  void submit(sink_id sink, native_request request = {}) { tell(door, submit_atom_v, std::move(request), edge, sink); }
  probe_log& log() { return *peers.log; }

  /// Asks for a drain whose answer comes later.
  auto drain(timespan limit) {
    auto pending = self->request(door, caf::infinite, drain_atom_v, limit);
    run();
    return pending;
  }
};

} // namespace troupe::test
