// Runs a plan against its server.
#pragma once

#include <functional>
#include <vector>

#include "bench/plan.hpp"
#include "bench/progress.hpp"
#include "bench/sample.hpp"

namespace troupe::bench {

/// Hears of every scenario's start and of every finished request.
using progress_listener = std::function<void(const progress&)>;

/// Runs a plan's warm-up, then its scenarios one after the other, all on the calling thread: each client sends its next
/// request when its last one is answered. SIGINT and SIGTERM are taken as the user's wish to stop: what is under way is
/// given up and counts as nothing, the results so far are returned, and the last of them says that it was interrupted.
/// Throws `connection_error` if the server's name cannot be looked up.
std::vector<scenario_result> run_plan(const plan& p, const progress_listener& listener);

} // namespace troupe::bench
