#include "actors/worker.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace troupe {

namespace {

using worker_pointer = worker_actor::stateful_pointer<worker_self>;

constexpr std::size_t fruitless_steps_allowed = 3;

std::string text_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an exception of an unknown type";
  }
}

worker_ready describe(
  worker_id id, const worker_options& options, const engine::model_info& info, const batch_limits& limits) {
  worker_ready ready;
  ready.worker = id;
  ready.model = options.model;
  ready.device = info.device;
  ready.dtype = info.dtype;
  ready.slots = static_cast<std::uint32_t>(limits.slots);
  ready.blocks = static_cast<std::uint32_t>(limits.blocks);
  ready.block_size = static_cast<std::uint32_t>(limits.block_size);
  ready.context = static_cast<std::uint32_t>(limits.context);
  ready.weight_bytes = info.weight_bytes;
  ready.kv_bytes = info.kv_bytes;
  return ready;
}

/// Runs the rows of a step that threw one by one, a single one once more: what threw for a moment harms nobody, and a
/// row that throws twice fails alone. Returns what was thrown when no row went through.
///
/// A row that runs a second time writes the same keys and values to the same positions of blocks that only its own
/// sequence holds, so whatever the first attempt wrote is harmless, whole or in part.
std::exception_ptr run_alone(worker_self& state, const engine::batch& step) {
  std::exception_ptr last;
  bool any = false;
  for (std::size_t i = 0; i < step.rows.size(); ++i) {
    engine::step_output output;
    try {
      output = state.engine->collect(state.engine->submit({{step.rows[i]}}));
    } catch (...) {
      last = std::current_exception();
      state.batch->fail_row(i, text_of(last));
      continue;
    }
    any = true;
    state.batch->count_experts(output.expert_tokens);
    state.batch->finish_row(i, output.rows.at(0));
  }
  return any ? nullptr : last;
}

/// Runs a step. Returns what was thrown when no row went through.
std::exception_ptr run_rows(worker_self& state, const engine::batch& step) {
  engine::step_output output;
  try {
    if (std::exchange(state.throw_once, false))
      throw std::runtime_error("a drill");
    output = state.engine->collect(state.engine->submit(step));
  } catch (...) {
    return run_alone(state, step);
  }
  state.batch->count_experts(output.expert_tokens);
  for (std::size_t i = 0; i < step.rows.size(); ++i)
    state.batch->finish_row(i, output.rows.at(i));
  return nullptr;
}

/// `took` is the time of the step before; zero when there was none.
void tell_step(worker_pointer self, const worker_peers& peers, timespan took = timespan{0}) {
  if (auto report = self->state.batch->take_report();
      !report.tokens.empty() || !report.failed.empty() || !report.scores.empty() || !report.embeddings.empty())
    self->send(peers.fan_out, std::move(report));
  auto room = self->state.batch->take_room();
  room.step_time = took;
  self->send(peers.scheduler, std::move(room));
}

void go_on(worker_pointer self) {
  auto& state = self->state;
  if (state.stepping || state.batch->empty())
    return;
  state.stepping = true;
  self->send(self, step_atom_v);
}

void step(worker_pointer self, const worker_peers& peers) {
  auto& state = self->state;
  state.stepping = false;
  const auto started = self->clock().now();
  const auto rows = state.batch->begin_step();
  if (!rows.rows.empty()) {
    const auto thrown = run_rows(state, rows);
    state.fruitless_steps = thrown ? state.fruitless_steps + 1 : 0;
    // One row alone may be at fault itself; several that all fail, or one after the other, are not.
    if (thrown && rows.rows.size() > 1)
      std::rethrow_exception(thrown);
    state.batch->end_step();
    // A step that took no time by a fake clock is a step all the same.
    const auto took = std::max(timespan{self->clock().now() - started}, timespan{1});
    self->send(peers.metrics, state.batch->record(took));
    tell_step(self, peers, took);
    if (state.fruitless_steps >= fruitless_steps_allowed)
      std::rethrow_exception(thrown);
  } else {
    state.batch->end_step();
    tell_step(self, peers);
  }
  go_on(self);
}

caf::error fail(worker_pointer self, worker_id id, const supervisor_actor& supervisor, company_error code,
  std::string reason, bool retry) {
  self->send(supervisor, worker_failed{id, reason, retry});
  return caf::make_error(code, std::move(reason));
}

void fail_on_purpose(worker_pointer self, worker_id id, const supervisor_actor& supervisor, drill_kind what,
  const std::function<void()>& hang) {
  switch (what) {
  case drill_kind::throw_step:
    self->state.throw_once = true;
    break;
  case drill_kind::die:
    self->quit(fail(self, id, supervisor, company_error::worker_step_failed, "a drill", true));
    break;
  case drill_kind::hang:
    if (hang)
      hang();
    break;
  }
}

/// Loads the engine. Returns why the actor ends when it cannot.
std::optional<caf::error> load_engine(worker_pointer self, worker_id id, const worker_options& options,
  const worker_peers& peers, const worker_tools& tools) {
  auto& state = self->state;
  try {
    state.engine = tools.load(options.engine);
    const auto limits = limits_of(state.engine->info(), options);
    state.batch = std::make_unique<resident_batch>(id, limits, tools.hasher, options.eos, tools.grammars);
    self->send(
      peers.supervisor, describe(id, options, state.engine->info(), limits), caf::actor_cast<worker_actor>(self));
    return std::nullopt;
  } catch (const engine::load_error& e) {
    return fail(self, id, peers.supervisor, company_error::worker_load_failed, e.what(), false);
  } catch (...) {
    return fail(self, id, peers.supervisor, company_error::worker_load_failed, text_of(std::current_exception()), true);
  }
}

} // namespace

worker_actor::behavior_type worker(
  worker_pointer self, worker_id id, worker_options options, worker_peers peers, worker_tools tools) {
  self->monitor(peers.supervisor);
  self->set_down_handler([self](const caf::down_msg& down) { self->quit(down.reason); });
  self->set_exception_handler([self, id, supervisor = peers.supervisor](std::exception_ptr& thrown) {
    return fail(self, id, supervisor, company_error::worker_step_failed, text_of(thrown), true);
  });
  if (auto why = load_engine(self, id, options, peers, tools))
    self->quit(std::move(*why));
  return {
    [self, peers](assignment& work) {
      self->state.batch->take_in(std::move(work));
      if (self->state.batch->empty() && !self->state.stepping)
        tell_step(self, peers);
      go_on(self);
    },
    [self, peers](remove_atom, const sequence_key& key, epoch_id epoch) {
      self->state.batch->remove(key, epoch);
      if (!self->state.stepping)
        tell_step(self, peers);
    },
    [self, peers](step_atom) { step(self, peers); },
    [self, id, supervisor = peers.supervisor, hang = tools.hang](
      drill_atom, drill_kind what) { fail_on_purpose(self, id, supervisor, what, hang); },
  };
}

} // namespace troupe
