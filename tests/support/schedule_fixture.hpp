// A schedule with short ways to tell it things.
#pragma once

#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/schedule.hpp"
#include "tests/support/sequence_probes.hpp"

namespace troupe::test {

using namespace std::chrono_literals;

struct schedule_fixture {
  schedule plan{scheduler_options{}, test_hasher()};
  time_point now{100s};

  /// Sequences of one run begin alike, whatever their length.
  placement_request work(run_id run, std::size_t tokens = 5, std::int32_t priority = 0) const {
    placement_request x;
    x.key.run = run;
    x.model = "m";
    x.tokens.resize(tokens, static_cast<token_id>(run));
    x.prompt_tokens = static_cast<std::uint32_t>(tokens);
    x.priority = priority;
    return x;
  }

  schedule_orders ask(const placement_request& x) {
    CHECK(plan.request(x, now));
    return plan.decide(now);
  }

  schedule_orders ready(worker_id id, std::uint32_t slots, std::uint32_t blocks = 100, std::string model = "m") {
    worker_ready x;
    x.worker = id;
    x.model = std::move(model);
    x.slots = slots;
    x.blocks = blocks;
    x.block_size = 4;
    x.context = 1000;
    plan.worker_is_ready(x);
    return plan.decide(now);
  }

  schedule_orders say_room(worker_id id, std::uint64_t seen, std::uint32_t slots, std::vector<departure> left = {},
    std::uint32_t blocks = 100) {
    plan.worker_has_room({id, seen, slots, blocks, timespan{1ms}, {}, std::move(left)}, now);
    return plan.decide(now);
  }
};

inline std::vector<run_id> placed(const schedule_orders& orders) {
  std::vector<run_id> runs;
  for (const auto& x : orders.placements)
    runs.push_back(x.work.work.key.run);
  return runs;
}

inline departure left(run_id run, epoch_id epoch, departure_reason why = departure_reason::finished) {
  return {{run, 0}, epoch, why};
}

} // namespace troupe::test
