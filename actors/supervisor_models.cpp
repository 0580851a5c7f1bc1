// Which models the supervisor has in memory.
#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "actors/supervisor.hpp"

namespace troupe {

// -- what messages do -----------------------------------------------------------------------------------------------

void supervisor_state::hear(const scheduler_load& load) {
  for (auto& [name, model] : models_) {
    const auto found = std::find_if(
      load.models.begin(), load.models.end(), [&name = name](const model_load& x) { return x.model == name; });
    const auto waiting = found == load.models.end() ? 0 : found->waiting;
    const auto running = found == load.models.end() ? 0 : found->running;
    if (waiting + running + model.waiting + model.running > 0)
      model.last_used = now();
    if (waiting > 0 && model.waiting == 0)
      model.wanted_since = now();
    model.waiting = waiting;
    model.running = running;
  }
  share();
}

void supervisor_state::look_for_idle() {
  idle_check_.reset();
  for (const auto& name : left_alone(claims(), now()))
    put_away(name, "nobody asked for it for its idle time");
  watch_idle();
}

void supervisor_state::try_again(const std::string& model) {
  const auto found = models_.find(model);
  if (found == models_.end() || !std::exchange(found->second.barred, false))
    return;
  // Without a worker it stays lost.
  if (std::none_of(workers_.begin(), workers_.end(),
        [&](const auto& x) { return !x.second.removed && x.second.options.model == model; }))
    return;
  self_->send(peers_.scheduler, restart_atom_v, model);
}

// -- what there is --------------------------------------------------------------------------------------------------

std::uint64_t supervisor_state::bytes_of(const std::string& model) const {
  model_size size;
  for (const auto& [id, x] : workers_)
    if (x.options.model == model)
      size.add(x.options);
  return size.bytes();
}

model_place supervisor_state::place_of(const std::string& model) const {
  auto out = model_place::absent;
  for (const auto& [id, x] : workers_) {
    if (x.options.model != model || x.life.hopeless() || x.life.state() == worker_state::unloaded)
      continue;
    // As long as one leaves, its memory is not free, and nothing new goes to the others.
    if (x.leaving)
      return model_place::leaving;
    if (x.life.state() == worker_state::ready)
      out = model_place::here;
    else if (out == model_place::absent)
      out = model_place::coming;
  }
  return out;
}

std::vector<model_claim> supervisor_state::claims() const {
  std::vector<model_claim> out;
  for (const auto& [name, model] : models_) {
    model_claim x;
    x.name = name;
    x.bytes = bytes_of(name);
    x.place = place_of(name);
    x.pinned = model.options.pinned;
    x.running = model.running;
    x.waiting = model.barred ? 0 : model.waiting;
    x.last_used = model.last_used;
    x.wanted_since = model.wanted_since;
    x.idle = model.options.idle;
    out.push_back(std::move(x));
  }
  return out;
}

bool supervisor_state::starts_unloaded(const worker_options& options) const {
  const auto model = models_.find(options.model);
  if (model == models_.end() || place_of(options.model) != model_place::absent)
    return false;
  return model->second.options.on_demand || std::any_of(workers_.begin(), workers_.end(), [&](const auto& x) {
    return x.second.options.model == options.model && x.second.life.state() == worker_state::unloaded;
  });
}

// -- what is done ---------------------------------------------------------------------------------------------------

void supervisor_state::share() {
  const auto orders = share_memory(claims(), options_.memory.budget);
  for (const auto& [model, reason] : orders.refused) {
    auto& asked = models_.at(model);
    asked.waiting = 0;
    if (std::exchange(asked.refusal, reason) != reason)
      spdlog::warn("the model '{}' cannot be loaded: {}", model, reason);
    self_->send(peers_.scheduler, model_lost{model, reason, {}});
    // Who asks next is looked at anew.
    self_->send(peers_.scheduler, restart_atom_v, model);
  }
  bool freed = false;
  for (const auto& model : orders.give_way) {
    put_away(model, "another model needs its memory");
    freed = freed || place_of(model) == model_place::absent;
  }
  for (const auto& model : orders.load)
    fetch(model);
  if (freed)
    share();
  else
    watch_idle();
}

void supervisor_state::fetch(const std::string& model) {
  spdlog::info("the model '{}' is loaded: it needs {} of memory", model, bytes_text(bytes_of(model)));
  models_.at(model).refusal.clear();
  for (auto& [id, x] : workers_) {
    if (x.options.model != model || x.removed || x.handle)
      continue;
    x.demanded = true;
    x.life.loads(now());
    spawn(id, x);
    tell_metrics(x);
  }
}

void supervisor_state::put_away(const std::string& model, const std::string& why) {
  spdlog::info("the model '{}' leaves the memory: {}", model, why);
  for (auto& [id, x] : workers_) {
    if (x.options.model != model || x.removed || x.leaving || x.life.state() == worker_state::unloaded)
      continue;
    if (!x.handle) {
      rest(id, x, why);
      continue;
    }
    x.leaving = true;
    x.why_leaving = why;
    if (x.life.state() == worker_state::ready)
      self_->send(peers_.scheduler, drain_atom_v, id);
    else
      self_->send_exit(x.handle, caf::exit_reason::user_shutdown);
    x.life.drains(why, now());
    tell_metrics(x);
  }
}

/// A worker is gone, and comes back when somebody asks for its model.
void supervisor_state::rest(worker_id id, entry& x, const std::string& why) {
  x.handle = nullptr;
  x.leaving = false;
  x.life.unloaded(why, now());
  if (outside_.trim_memory)
    outside_.trim_memory();
  self_->send(peers_.scheduler, worker_gone{id, false, !std::exchange(x.drilled, false)});
  tell_metrics(x);
  // Those who wait again come behind those who have waited all the time.
  if (const auto model = models_.find(x.options.model); model != models_.end())
    model->second.wanted_since = now();
}

bool supervisor_state::is_last_hope(worker_id id, const entry& x) const {
  return x.demanded && models_.contains(x.options.model) &&
    std::none_of(workers_.begin(), workers_.end(), [&](const auto& other) {
      return other.first != id && !other.second.removed && other.second.options.model == x.options.model &&
        !other.second.life.hopeless() && other.second.life.state() != worker_state::unloaded;
    });
}

/// A load that somebody waited for has failed: those who wait hear of it, and for a while those who ask.
void supervisor_state::fail_load(worker_id id, entry& x, const std::string& reason) {
  auto& model = models_.at(x.options.model);
  x.life.ended(reason, now());
  const auto why = x.life.status(now()).reason;
  model.delay =
    model.delay.count() == 0 ? options_.restart_delay : std::min(model.delay * 2, options_.max_restart_delay);
  spdlog::error("the model '{}' could not be loaded: {}", x.options.model, why);
  rest(id, x, why);
  model.barred = true;
  self_->send(peers_.scheduler, model_lost{x.options.model, "it could not be loaded: " + why, model.delay});
  self_->delayed_send(self_, model.delay, restart_atom_v, x.options.model);
}

void supervisor_state::watch_idle() {
  const auto next = next_left_alone(claims());
  if (!next || (idle_check_ && *idle_check_ <= *next))
    return;
  idle_check_ = next;
  self_->delayed_send(self_, std::max(timespan{*next - now()}, timespan{1}), tick_atom_v);
}

} // namespace troupe
