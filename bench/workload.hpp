// What is asked, in which order, by how many clients.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bench/plan.hpp"

namespace troupe::bench {

/// One prompt, and whether the server may answer it from its response cache.
struct question {
  std::string prompt;
  bool use_cache = false;
};

/// A scenario or the warm-up, ready to be asked.
struct workload {
  scenario kind = scenario::sequential;
  std::size_t clients = 1;
  std::vector<question> questions;
};

/// What a scenario asks.
///
/// No prompt stands in two scenarios, and none twice in one but for the cached scenario's second round. Each begins
/// with its own number and the plan's seed, so that neither a response cache nor a prefix cache that is warm from an
/// earlier run or scenario has anything to give.
workload make_workload(const plan& p, scenario kind);

/// What is asked before the first scenario, by one client and past the response cache. Shares no prompt with a
/// scenario.
workload make_warmup(const plan& p);

} // namespace troupe::bench
