// What happens on the stage: who asks, who leaves, what breaks.
#include <algorithm>

#include "tests/simulation/stage.hpp"

namespace troupe::simulation {

void stage::submit(const event& x) {
  sinks_.submit(x.sink, x.request, x.reads);
  auto request = x.request;
  request.request_id = std::to_string(x.sink);
  self->send(actors_.gateway, submit_atom_v, std::move(request), edges_[x.sink % 2], x.sink);
}

void stage::hang_up(sink_id sink) {
  if (sinks_.leaves(sink))
    self->send(actors_.gateway, detach_atom_v, sink, detach_reason::client_gone);
}

void stage::strike(const event& x) {
  switch (x.what) {
  case event_kind::submit:
  case event_kind::hang_up:
    break;
  case event_kind::break_steps:
    breaks_ = x.count;
    broken_engine_ = 0;
    break;
  case event_kind::drill_throw:
    drill(x, drill_kind::throw_step);
    break;
  case event_kind::drill_die:
    drill(x, drill_kind::die);
    break;
  case event_kind::drill_hang:
    hang_for_ = x.span;
    drill(x, drill_kind::hang);
    break;
  case event_kind::hang:
    hang(x);
    break;
  case event_kind::reload:
    config_ = x.workers;
    trouble_.workers += x.workers.size();
    trouble_.lost_models = true;
    caf::anon_send(actors_.supervisor, reload_atom_v);
    break;
  case event_kind::clear_cache:
    caf::anon_send(actors_.cache, clear_atom_v);
    break;
  case event_kind::drain:
    drain(x.span);
    break;
  case event_kind::stop:
    trouble_.stopped = true;
    stop_company(actors_);
    break;
  }
}

void stage::hang(const event& x) {
  const auto worker = some_worker(x.worker);
  if (!worker)
    return;
  ++trouble_.hangs;
  hold(caf::actor_cast<caf::strong_actor_ptr>(worker->second), now() + x.span);
}

void stage::drain(timespan within) {
  trouble_.drain_within = std::min(trouble_.drain_within.value_or(within), within);
  auto asked = self->request(actors_.gateway, caf::infinite, drain_atom_v, within);
  drains_.emplace_back([pending = std::make_shared<decltype(asked)>(std::move(asked))] {
    std::optional<std::uint64_t> answer;
    pending->receive([&](std::uint64_t n) { answer = n; }, [](const caf::error&) {});
    return answer;
  });
}

std::optional<std::pair<worker_id, worker_actor>> stage::some_worker(std::uint32_t number) {
  const auto& workers = scheduler_->workers;
  if (workers.empty())
    return std::nullopt;
  return *std::next(workers.begin(), static_cast<std::ptrdiff_t>(number % workers.size()));
}

void stage::drill(const event& x, drill_kind what) {
  const auto worker = some_worker(x.worker);
  if (!worker)
    return;
  ++trouble_.drills;
  trouble_.throws += what == drill_kind::throw_step ? 1 : 0;
  caf::anon_send(actors_.supervisor, drill_atom_v, worker->first, what);
}

} // namespace troupe::simulation
