#include "tests/support/sequence_probes.hpp"

namespace troupe::test {

namespace {

using shared_log = std::shared_ptr<sequence_log>;

scheduler_actor::behavior_type probe_scheduler(scheduler_actor::pointer, shared_log log) {
  return {
    [](const placement_request&, const generation_actor&) {},
    [](cancel_atom, const sequence_key&) {},
    [log](const worker_ready& ready, const worker_actor& worker, const supervisor_actor&) {
      log->ready.emplace_back(ready, worker);
    },
    [log](const worker_gone& gone) { log->gone.push_back(gone); },
    [log](drain_atom, worker_id id) { log->draining.push_back(id); },
    [log](const model_lost& lost) { log->lost_models.push_back(lost); },
    [log](restart_atom, const std::string& model) { log->hopes.push_back(model); },
    [](register_atom, const supervisor_actor&) {},
    [log](const room& free) { log->rooms.push_back(free); },
    [](tick_atom) {},
  };
}

fan_out_actor::behavior_type probe_fan_out(fan_out_actor::pointer, shared_log log) {
  return {
    [](register_atom, run_id, const generation_actor&) {},
    [](unregister_atom, run_id) {},
    [log](const step_report& report) { log->reports.push_back(report); },
  };
}

metrics_actor::behavior_type probe_metrics(metrics_actor::pointer, shared_log log) {
  return {
    [](started_atom) {},
    [](const sink_record&) {},
    [log](const step_record& step) { log->steps.push_back(step); },
    [log](const worker_ready& ready) { log->measured.push_back(ready); },
    [log](const scheduler_load& load) { log->loads.push_back(load); },
    [](const cache_load&) {},
    [](const worker_status&) {},
    [](const worker_gone&) {},
    [](snapshot_atom) { return metrics_snapshot{}; },
    [](expose_atom) { return std::string{}; },
  };
}

supervisor_actor::behavior_type probe_supervisor(supervisor_actor::pointer, shared_log log) {
  return {
    [log](const worker_ready& ready, const worker_actor& worker) { log->loaded.emplace_back(ready, worker); },
    [log](const worker_failed& failed) { log->failed.push_back(failed); },
    [log](stalled_atom, worker_id id, timespan idle) { log->stalls.emplace_back(id, idle); },
    [log](drained_atom, worker_id id) { log->drained.push_back(id); },
    [](restart_atom, worker_id) {},
    [log](const scheduler_load& load) { log->supervised.push_back(load); },
    [](tick_atom) {},
    [](restart_atom, const std::string&) {},
    [](drill_atom, worker_id, drill_kind) { return order_result{}; },
    [](reload_atom) { return reload_result{}; },
    [](status_atom) { return company_status{}; },
  };
}

void accept(sequence_view& view, const sequence_tokens& news) {
  if (news.epoch != view.epoch)
    return;
  if (view.finish != finish_reason::none || view.failed)
    view.breaches.push_back("tokens after the end");
  if (news.first_position != view.work.tokens.size())
    view.breaches.push_back(
      "tokens at " + std::to_string(news.first_position) + " instead of " + std::to_string(view.work.tokens.size()));
  view.work.tokens.insert(view.work.tokens.end(), news.tokens.begin(), news.tokens.end());
  view.answer.insert(view.answer.end(), news.tokens.begin(), news.tokens.end());
  view.finish = news.finish;
}

} // namespace

std::vector<departure_reason> sequence_log::departures(run_id run) const {
  std::vector<departure_reason> reasons;
  for (const auto& free : rooms)
    for (const auto& who : free.left)
      if (who.key.run == run)
        reasons.push_back(who.reason);
  return reasons;
}

std::vector<token_id> sequence_log::tokens(run_id run) const {
  std::vector<token_id> all;
  for (const auto& report : reports)
    for (const auto& news : report.tokens)
      if (news.key.run == run)
        all.insert(all.end(), news.tokens.begin(), news.tokens.end());
  return all;
}

finish_reason sequence_log::finish(run_id run) const {
  auto last = finish_reason::none;
  for (const auto& report : reports)
    for (const auto& news : report.tokens)
      if (news.key.run == run)
        last = news.finish;
  return last;
}

std::vector<failure> sequence_log::failures(run_id run) const {
  std::vector<failure> all;
  for (const auto& report : reports)
    for (const auto& x : report.failed)
      if (x.key.run == run)
        all.push_back(x.reason);
  return all;
}

sequence_probes::sequence_probes(deterministic_system& system)
    : log{std::make_shared<sequence_log>()},
      scheduler{system.spawn(probe_scheduler, log)},
      fan_out{system.spawn(probe_fan_out, log)},
      metrics{system.spawn(probe_metrics, log)},
      supervisor{system.spawn(probe_supervisor, log)} {}

worker_actor::behavior_type idle_worker(worker_actor::pointer, std::shared_ptr<sequence_log> log) {
  return {
    [log](const assignment& work) { log->assignments.push_back(work); },
    [log](remove_atom, const sequence_key& key, epoch_id epoch) { log->removals.emplace_back(key, epoch); },
    [](step_atom) {},
    [log](drill_atom, drill_kind what) { log->drills.push_back(what); },
  };
}

generation_actor::behavior_type sequence_client(
  generation_actor::pointer self, std::shared_ptr<sequence_view> view, scheduler_actor scheduler) {
  return {
    [](attach_atom, const edge_actor&, sink_id, const native_request&, cache_state) {},
    [](detach_atom, sink_id, detach_reason) {},
    [](release_atom) {},
    [](const encoded_prompt&) {},
    [view](const placement& place) {
      view->epoch = place.epoch;
      view->placements.push_back(place);
    },
    [](const prompt_scores&) {},
    [view](const sequence_tokens& news) { accept(*view, news); },
    [](const sequence_embedding&) {},
    [view](const sequence_failed& failed) {
      if (failed.epoch == view->epoch)
        view->failed = failed.reason;
    },
    [self, view, scheduler](const sequence_lost& lost) {
      if (lost.epoch != view->epoch || view->finish != finish_reason::none || view->failed)
        return;
      ++view->lost;
      view->epoch = 0;
      view->work.strikes = lost.strikes;
      self->send(scheduler, view->work, caf::actor_cast<generation_actor>(self));
    },
  };
}

placement_request ask_for(run_id run, std::vector<token_id> prompt, std::uint32_t max_tokens) {
  placement_request work;
  work.key.run = run;
  work.prompt_tokens = static_cast<std::uint32_t>(prompt.size());
  work.tokens = std::move(prompt);
  work.max_tokens = max_tokens;
  return work;
}

std::vector<token_id> prompt_of(std::size_t count, token_id first) {
  std::vector<token_id> tokens;
  for (std::size_t i = 0; i < count; ++i)
    tokens.push_back(first + static_cast<token_id>(i));
  return tokens;
}

} // namespace troupe::test
