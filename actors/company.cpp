#include "actors/company.hpp"

#include <string>
#include <utility>

#include "actors/cache_keeper.hpp"
#include "actors/encoder.hpp"
#include "actors/fan_out.hpp"
#include "actors/gateway.hpp"
#include "actors/metrics.hpp"
#include "actors/scheduler.hpp"
#include "actors/supervisor.hpp"

namespace troupe {

namespace {

/// Has `on_core_death` told when an actor ends that the company cannot do without.
template <class Handle>
void watch(const Handle& core, std::string name, const world& outside) {
  if (!outside.on_core_death)
    return;
  caf::actor_cast<caf::abstract_actor*>(core)->attach_functor(
    [name = std::move(name), tell = outside.on_core_death](const caf::error& reason) {
      if (reason != caf::exit_reason::user_shutdown)
        tell(name, reason);
    });
}

/// Nobody outside can predict the hashes of KV blocks.
cache::block_hasher::secret draw_secret(const world& outside) {
  cache::block_hasher::secret out{};
  for (std::size_t i = 0; i < out.size(); i += 8) {
    const auto drawn = outside.random();
    for (std::size_t byte = 0; byte < 8; ++byte)
      out[i + byte] = static_cast<std::uint8_t>(drawn >> (8 * byte));
  }
  return out;
}

} // namespace

company start_company(
  caf::actor_system& system, const company_options& options, const world& outside, const model_texts& texts) {
  company out;
  out.metrics = system.spawn(metrics, options.metrics);
  out.fan_out = system.spawn(fan_out);
  const cache::block_hasher hasher{draw_secret(outside)};
  out.scheduler = system.spawn(scheduler, options.scheduler, hasher, out.metrics);
  const auto spawn_encoder = [&] {
    return outside.detached ? system.spawn<caf::detached>(encoder, texts) : system.spawn(encoder, texts);
  };
  out.encoder = spawn_encoder();
  out.tokens_desk = spawn_encoder();
  const generation_links links{out.scheduler, out.fan_out, out.encoder, {}, {}, out.metrics};
  out.cache = system.spawn(cache_keeper, options.cache, generation_parts{links, texts, options.generation});
  out.gateway = system.spawn(gateway, options.gateway, out.cache, out.metrics, outside.random);
  auto to_workers = outside;
  for (const auto& [model, text] : texts)
    to_workers.grammars.emplace(model, text.grammars);
  out.supervisor = system.spawn(
    supervisor, options.supervisor, options.workers, out.scheduler, out.fan_out, out.metrics, hasher, to_workers);
  watch(out.metrics, "metrics", outside);
  watch(out.fan_out, "fan_out", outside);
  watch(out.scheduler, "scheduler", outside);
  watch(out.encoder, "encoder", outside);
  watch(out.tokens_desk, "tokens_desk", outside);
  watch(out.cache, "cache", outside);
  watch(out.gateway, "gateway", outside);
  watch(out.supervisor, "supervisor", outside);
  return out;
}

// Those who start work end first, those who hear of ends last.
void stop_company(const company& actors) {
  const auto stop = [](const auto& actor) { caf::anon_send_exit(actor, caf::exit_reason::user_shutdown); };
  stop(actors.cache);
  stop(actors.supervisor);
  stop(actors.gateway);
  stop(actors.encoder);
  stop(actors.tokens_desk);
  stop(actors.scheduler);
  stop(actors.fan_out);
  stop(actors.metrics);
}

} // namespace troupe
