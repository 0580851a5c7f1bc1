// What the supervisor does about each worker.
#include <algorithm>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <utility>

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include "actors/supervisor.hpp"

namespace troupe {

void supervisor_state::start(supervisor_options options, const std::vector<worker_options>& workers, worker_peers peers,
  cache::block_hasher hasher, world outside) {
  options_ = options;
  peers_ = std::move(peers);
  tools_.emplace(worker_tools{outside.load_engine, hasher, outside.hang});
  outside_ = std::move(outside);
  self_->send(peers_.scheduler, register_atom_v, supervisor_actor{self_});
  for (const auto& model : options_.memory.models)
    models_[model.model].options = model;
  for (const auto& worker : workers)
    add(worker);
}

// -- what messages do -----------------------------------------------------------------------------------------------

void supervisor_state::became_ready(const worker_ready& ready, const worker_actor& handle) {
  // A worker may have ended, or been taken out, before its own news came.
  auto* const x = find(ready.worker);
  if (x == nullptr || x->removed || x->handle != handle)
    return;
  // A model that was told to leave while it was loaded leaves all the same.
  if (x->leaving)
    return;
  x->life.became_ready(ready, now());
  self_->send(peers_.scheduler, ready, handle, supervisor_actor{self_});
  self_->send(peers_.metrics, ready);
  tell_metrics(*x);
  if (const auto model = models_.find(x->options.model); model != models_.end()) {
    model->second.last_used = now();
    model->second.delay = timespan{0};
    share();
  }
}

void supervisor_state::said_why(const worker_failed& failed, const caf::strong_actor_ptr& sender) {
  if (auto* const x = find(failed.worker); x != nullptr && x->handle && x->handle == sender)
    x->life.said_why(failed.reason, failed.retry);
}

void supervisor_state::ended(const caf::down_msg& down) {
  if (std::erase_if(abandoned_, [&](const worker_actor& x) { return x == down.source; }) > 0)
    return;
  const auto found =
    std::find_if(workers_.begin(), workers_.end(), [&](const auto& x) { return x.second.handle == down.source; });
  if (found == workers_.end())
    return;
  if (found->second.removed)
    remove(found);
  else if (found->second.leaving)
    rest(found->first, found->second, found->second.why_leaving);
  else
    lose(found->first, found->second, "the worker ended: " + self_->system().render(down.reason));
  share();
}

void supervisor_state::stalled(worker_id id, timespan idle) {
  auto* const x = find(id);
  if (x == nullptr || !x->handle)
    return;
  const auto reason = fmt::format("it had work and finished no step for {:.1f} s", seconds_of(idle));
  spdlog::error("worker {} is given up: {}", id, reason);
  // It ends when its thread comes back; whatever it says until then is of an old epoch.
  abandoned_.push_back(x->handle);
  self_->send_exit(x->handle, caf::exit_reason::kill);
  if (x->removed)
    remove(workers_.find(id));
  else if (x->leaving)
    rest(id, *x, x->why_leaving);
  else
    lose(id, *x, reason);
  share();
}

void supervisor_state::drained(worker_id id) {
  if (auto* const x = find(id); x != nullptr && (x->removed || x->leaving) && x->handle)
    self_->send_exit(x->handle, caf::exit_reason::user_shutdown);
}

void supervisor_state::restart(worker_id id) {
  auto* const x = find(id);
  if (x == nullptr || x->handle || x->life.state() == worker_state::unloaded)
    return;
  x->life.restarted(now());
  spawn(id, *x);
  tell_metrics(*x);
}

order_result supervisor_state::drill(worker_id id, drill_kind what) {
  if (!options_.drills)
    return {false, "drills are off: admin.drills is false", order_refusal::drills_off};
  auto* const x = find(id);
  if (x == nullptr)
    return {false, fmt::format("worker must be the id of a worker, got {}", id), order_refusal::no_such_worker};
  if (!x->handle || x->life.state() != worker_state::ready)
    return {false, fmt::format("worker {} is not ready", id), order_refusal::not_ready};
  // A step that throws does not end its worker, and takes nothing back of a drill that will.
  x->drilled = x->drilled || what != drill_kind::throw_step;
  self_->send(x->handle, drill_atom_v, what);
  return {true, {}};
}

company_status supervisor_state::status() const {
  company_status out;
  for (const auto& [id, x] : workers_)
    out.workers.push_back(x.life.status(now()));
  out.abandoned = static_cast<std::uint32_t>(abandoned_.size());
  return out;
}

// -- lives ----------------------------------------------------------------------------------------------------------

worker_id supervisor_state::add(const worker_options& options) {
  const auto id = next_id_++;
  const bool later = starts_unloaded(options);
  const auto added = workers_.emplace(id, entry{options, {id, options, options_, now()}, {}}).first;
  if (later)
    added->second.life.unloaded("nobody has asked for it", now());
  else
    spawn(id, added->second);
  tell_metrics(added->second);
  return id;
}

void supervisor_state::spawn(worker_id id, entry& x) {
  x.drilled = false;
  auto tools = *tools_;
  if (const auto found = outside_.grammars.find(x.options.model); found != outside_.grammars.end())
    tools.grammars = found->second;
  x.handle = outside_.detached ? self_->spawn<caf::detached>(worker, id, x.options, peers_, tools)
                               : self_->spawn(worker, id, x.options, peers_, tools);
  self_->monitor(x.handle);
}

/// A worker is not there any more; another comes when that can help.
void supervisor_state::lose(worker_id id, entry& x, const std::string& reason) {
  x.handle = nullptr;
  if ((x.life.state() == worker_state::loading || x.life.state() == worker_state::restarting) && is_last_hope(id, x)) {
    fail_load(id, x, reason);
    return;
  }
  const auto delay = x.life.ended(reason, now());
  self_->send(peers_.scheduler, worker_gone{id, delay.has_value(), !std::exchange(x.drilled, false)});
  tell_metrics(x);
  if (delay)
    self_->delayed_send(self_, *delay, restart_atom_v, id);
  else
    report_lost_model(x.options.model, x.life.status(now()).reason);
}

void supervisor_state::remove(entries::iterator found) {
  const worker_gone gone{found->first, false, !found->second.drilled};
  const auto model = found->second.options.model;
  spdlog::info("worker {} is removed", found->first);
  workers_.erase(found);
  self_->send(peers_.scheduler, gone);
  self_->send(peers_.metrics, gone);
  report_lost_model(model, "its last worker is not in the config any more");
}

void supervisor_state::report_lost_model(const std::string& model, const std::string& reason) {
  const bool hope = std::any_of(workers_.begin(), workers_.end(),
    [&](const auto& x) { return !x.second.removed && x.second.options.model == model && !x.second.life.hopeless(); });
  if (!hope)
    self_->send(peers_.scheduler, model_lost{model, reason});
}

void supervisor_state::tell_metrics(const entry& x) {
  self_->send(peers_.metrics, x.life.status(now()));
}

supervisor_state::entry* supervisor_state::find(worker_id id) {
  const auto found = workers_.find(id);
  return found == workers_.end() ? nullptr : &found->second;
}

time_point supervisor_state::now() const {
  return self_->clock().now();
}

// -- reload ---------------------------------------------------------------------------------------------------------

reload_result supervisor_state::reload() {
  reload_result out;
  std::vector<worker_options> wanted;
  try {
    if (!outside_.read_workers)
      throw std::runtime_error("there is no config to read again");
    wanted = outside_.read_workers();
  } catch (const std::exception& e) {
    spdlog::error("reload refused: {}", e.what());
    out.reason = e.what();
    return out;
  }
  std::vector<worker_id> leaving;
  for (const auto& [id, x] : workers_) {
    if (x.removed)
      continue;
    if (const auto same = std::find(wanted.begin(), wanted.end(), x.options); same != wanted.end()) {
      wanted.erase(same);
      ++out.kept;
    } else {
      leaving.push_back(id);
    }
  }
  for (const auto& options : wanted) {
    out.started.push_back(add(options));
    // A model that is not loaded may have been lost with its last worker.
    if (workers_.at(out.started.back()).life.state() == worker_state::unloaded && !models_.at(options.model).barred)
      self_->send(peers_.scheduler, restart_atom_v, options.model);
  }
  for (const auto id : leaving) {
    const auto found = workers_.find(id);
    auto& x = found->second;
    x.removed = true;
    x.leaving = false;
    out.draining.push_back(id);
    if (!x.handle) {
      remove(found);
      continue;
    }
    const bool busy = x.life.state() == worker_state::ready;
    x.life.drains("it is not in the config any more", now());
    tell_metrics(x);
    if (busy)
      self_->send(peers_.scheduler, drain_atom_v, id);
    else
      self_->send_exit(x.handle, caf::exit_reason::user_shutdown);
  }
  share();
  out.done = true;
  spdlog::info("reloaded: {} workers kept, {} started, {} draining", out.kept, out.started.size(), out.draining.size());
  return out;
}

} // namespace troupe
