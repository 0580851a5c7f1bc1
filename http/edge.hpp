// The company's edge: where actors and io threads meet.
#pragma once

#include "actors/protocol/interfaces.hpp"
#include "http/company_port.hpp"

namespace troupe::http {

/// Whom an edge talks to.
struct edge_company {
  gateway_actor gateway;
  cache_actor cache;
  supervisor_actor supervisor;
  metrics_actor metrics;
  /// Answers questions about tokens.
  encoder_actor tokens_desk;
};

/// Spawns an edge actor for io thread number `index` and returns the port to it.
///
/// The actor gathers what comes for its sinks and posts to its io thread once for all that has gathered. When the
/// gateway ends, so does the edge: its sinks fail with `draining`, its questions get nothing, and so does whatever
/// is handed in later. Destroy the port before the actor system.
std::unique_ptr<company_port> make_edge(
  caf::actor_system& system, const edge_company& company, std::uint16_t index, poster post);

/// How long an operator's question may take before it gets nothing, and how long an order: a reload reads files.
inline constexpr std::chrono::seconds question_timeout{5};
inline constexpr std::chrono::seconds order_timeout{30};

} // namespace troupe::http
