// The whole company: every core actor, spawned in order.
#pragma once

#include "actors/options.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/world.hpp"

namespace troupe {

/// The addresses of the core actors.
struct company {
  gateway_actor gateway;
  cache_actor cache;
  encoder_actor encoder;
  /// Tokenizes for those who only want to know the tokens, so that no prompt waits for them.
  encoder_actor tokens_desk;
  fan_out_actor fan_out;
  scheduler_actor scheduler;
  supervisor_actor supervisor;
  metrics_actor metrics;
};

/// Spawns the company. Workers load their models on threads of their own; ask the supervisor how far they are.
company start_company(
  caf::actor_system& system, const company_options& options, const world& outside, const model_texts& texts);

/// Ends every core actor and the workers. Runs that are still there fail their sinks.
void stop_company(const company& actors);

/// Registers the company's message types and error names; give it to the actor system.
class company_config : public caf::actor_system_config {
public:
  company_config();
};

} // namespace troupe
