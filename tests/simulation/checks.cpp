#include "tests/simulation/checks.hpp"

#include <algorithm>

#include <spdlog/fmt/fmt.h>

#include "actors/protocol/names.hpp"

namespace troupe::simulation {

namespace {

struct tally {
  std::size_t finished = 0;
  std::size_t failed = 0;
  std::size_t cancelled = 0;
  std::size_t hits = 0;
};

tally count(const audience& sinks) {
  tally out;
  for (const auto& [id, x] : sinks.all()) {
    out.finished += x.finished ? 1 : 0;
    out.failed += x.failed ? 1 : 0;
    out.cancelled += x.gone && !x.ended() ? 1 : 0;
    out.hits += x.started && x.started->cache == cache_state::hit ? 1 : 0;
  }
  return out;
}

/// Whether a worker of the model is there and takes sequences in.
bool is_served(stage& company, const std::string& model) {
  const auto status = company.supervisor().status();
  return std::any_of(status.workers.begin(), status.workers.end(), [&](const worker_status& x) {
    return x.model == model && x.state == worker_state::ready && company.scheduler().workers.contains(x.worker);
  });
}

/// Whether the model rests although nothing keeps the supervisor from loading it.
bool could_be_loaded(stage& company, const std::string& model) {
  const auto status = company.supervisor().status();
  bool rests = false;
  for (const worker_status& x : status.workers) {
    if (x.state != worker_state::ready && x.state != worker_state::unloaded)
      return false;
    if (x.model == model && x.state == worker_state::ready)
      return false;
    rests = rests || x.model == model;
  }
  return rests && status.abandoned == 0;
}

void check_equal(journal& log, const char* check, const char* what, std::uint64_t is, std::uint64_t should_be) {
  if (is != should_be)
    log.breaks(check, fmt::format("{}: {} where {} should be", what, is, should_be));
}

} // namespace

// -- between two messages -------------------------------------------------------------------------------------------

void moment_checks::look() {
  ++messages_;
  if (company_.gateway().admitted) {
    bounds();
    queue_bound();
  }
  if (messages_ % 8 == 0)
    addresses();
  if (messages_ % 32 == 0)
    counters();
}

void moment_checks::bounds() {
  // A worker that hangs holds its engine beyond its time, and a reload may make a model that is there larger.
  const auto& trouble = company_.trouble();
  if (story_.memory.budget > 0 && trouble.hangs + trouble.drills == 0 && trouble.workers == story_.workers.size() &&
    company_.engines().alive > story_.memory.budget)
    log_.breaks("what is loaded stays in its budget",
      fmt::format("{} engines of {}", company_.engines().alive, story_.memory.budget));
  const auto& admitted = *company_.gateway().admitted;
  if (admitted.live() > story_.gateway.max_live)
    log_.breaks("what lives stays in its bound", fmt::format("{} of {}", admitted.live(), story_.gateway.max_live));
  constexpr std::size_t most_choices = 3;
  if (const auto load = company_.scheduler().load; load.waiting > story_.gateway.max_live * most_choices)
    log_.breaks("the queue stays in its bound", fmt::format("{} sequences wait", load.waiting));
}

// A sink that comes while the queue is full must not start a run. Who came is seen by what the gateway counts.
void moment_checks::queue_bound() {
  const auto& admitted = *company_.gateway().admitted;
  const auto& limits = story_.gateway;
  if (admitted.live() > lived_)
    company_.sinks().admits(
      admitted.sinks(), waited_ >= limits.max_waiting || waited_bytes_ >= limits.max_waiting_bytes);
  waited_ = admitted.waiting();
  waited_bytes_ = admitted.waiting_bytes();
  lived_ = admitted.live();
  constexpr std::size_t largest_request = 1500;
  // Places that were promised were kept from who came before this moment, too.
  const auto kept = company_.gateway().kept_free();
  const bool full = waited_ + std::max(kept, kept_) >= limits.max_waiting;
  kept_ = kept;
  if (full || lived_ >= limits.max_live || waited_bytes_ + largest_request > limits.max_waiting_bytes)
    company_.sinks().sees_full();
}

void moment_checks::counters() {
  if (!company_.metrics().board)
    return;
  const auto x = company_.metrics().board->snapshot(company_.now());
  const char* const check = "counters add up at every moment";
  if (x.total_requests != x.successful_requests + x.failed_requests + x.cancelled_requests)
    log_.breaks(check, "the total is not the sum of its ends");
  if (x.started_requests != x.total_requests + x.live_requests || x.total_requests > x.started_requests)
    log_.breaks(
      check, fmt::format("{} started, {} ended, {} live", x.started_requests, x.total_requests, x.live_requests));
  if (x.started_requests > company_.sinks().all().size())
    log_.breaks(check, fmt::format("{} started of {}", x.started_requests, company_.sinks().all().size()));
}

// A generation says that it leaves before it ends: once that was heard, nobody may have its address any more.
void moment_checks::addresses() {
  if (stage::idle(company_.actors().scheduler))
    for (const auto& [key, generation] : company_.scheduler().generations)
      if (!stage::alive(generation))
        log_.breaks("a run that ended leaves the scheduler", fmt::format("run {} choice {}", key.run, key.choice));
  if (!stage::idle(company_.actors().fan_out))
    return;
  const auto& runs = company_.fan_out().runs;
  if (std::any_of(runs.begin(), runs.end(), [](const auto& x) { return !stage::alive(x.second); }))
    log_.breaks("a run that ended leaves the fan_out", fmt::format("{} runs are there", runs.size()));
}

// -- when nothing moves ---------------------------------------------------------------------------------------------

void quiet_checks::look() {
  if (const auto& within = company_.trouble().drain_within; within && !drain_deadline_)
    drain_deadline_ = company_.now() + *within;
  counters();
  sinks();
  fairness();
}

void quiet_checks::counters() {
  const char* const check = "counters are exact when nothing moves";
  const auto listening = company_.sinks().listening();
  const auto x = company_.metrics().board->snapshot(company_.now());
  check_equal(log_, check, "started", x.started_requests, company_.sinks().all().size());
  check_equal(log_, check, "live", x.live_requests, listening);
  check_equal(log_, check, "live in the gateway", company_.gateway().admitted->live(), listening);
  const auto load = company_.scheduler().plan->load();
  check_equal(log_, check, "waiting", x.requests_waiting, load.waiting);
  check_equal(log_, check, "running", x.requests_running, load.running);
  if (!company_.a_worker_hangs() && load.running > 0)
    log_.breaks("a worker with work works", fmt::format("{} sequences run and nothing moves", load.running));
}

void quiet_checks::sinks() {
  const bool hangs = company_.a_worker_hangs();
  const auto now = company_.now();
  for (const auto& [id, sink] : company_.sinks().all()) {
    if (!sink.listens())
      continue;
    if (!hangs && is_served(company_, sink.request.model))
      log_.breaks("nobody waits who could run", fmt::format("sink {}", id));
    if (!hangs && could_be_loaded(company_, sink.request.model))
      log_.breaks("nobody waits for a model that could be loaded", fmt::format("sink {}", id));
    const auto timeout = sink.request.timeout;
    if (timeout.count() > 0 && sink.admitted && now - *sink.admitted > timeout + tick_slack)
      log_.breaks("a deadline ends a request", fmt::format("sink {} still lives", id));
    if (drain_deadline_ && now > *drain_deadline_ + tick_slack)
      log_.breaks("a drain ends everything", fmt::format("sink {} still lives", id));
  }
}

void quiet_checks::fairness() {
  const auto patient = company_.sinks().all().find(story_.patient);
  if (story_.fair_within.count() == 0 || patient == company_.sinks().all().end())
    return;
  const auto& x = patient->second;
  if (x.listens() && !x.first_text && company_.now() - x.admitted.value_or(company_.now()) > story_.fair_within)
    log_.breaks("a low priority does not starve", fmt::format("sink {} has no place yet", story_.patient));
}

// -- when all is over -----------------------------------------------------------------------------------------------

namespace {

void check_counters_at_rest(stage& company, journal& log) {
  const char* const check = "counters are what happened";
  const auto x = company.metrics().board->snapshot(company.now());
  const auto ends = count(company.sinks());
  check_equal(log, check, "finished", x.successful_requests, ends.finished);
  check_equal(log, check, "failed", x.failed_requests, ends.failed);
  check_equal(log, check, "cancelled", x.cancelled_requests, ends.cancelled);
  check_equal(log, check, "hits", x.cache_hits, ends.hits);
  check_equal(log, check, "waiting", x.requests_waiting, 0);
  check_equal(log, check, "running", x.requests_running, 0);
}

/// Every block and slot of every worker is free, and every worker is ready or never will be.
void check_workers_at_rest(stage& company, const scenario& story, journal& log) {
  const auto status = company.supervisor().status();
  std::size_t ready = 0;
  for (const auto& x : status.workers) {
    ready += x.state == worker_state::ready ? 1 : 0;
    if (x.state != worker_state::ready && x.state != worker_state::failed && x.state != worker_state::unloaded)
      log.breaks("every worker settles", fmt::format("worker {} is {}", x.worker, name(x.state)));
  }
  check_equal(log, "every worker settles", "abandoned", status.abandoned, 0);
  check_equal(log, "every worker settles", "known to the scheduler", company.scheduler().workers.size(), ready);
  check_equal(log, "no engine is left", "engines", company.engines().alive, ready);
  check_equal(log, "no actor is left", "actors", static_cast<std::uint64_t>(company.extra_actors()), ready);
  for (const auto& [id, handle] : company.scheduler().workers) {
    auto& worker = stage::worker(handle);
    const auto room = worker.batch->take_room();
    const auto& info = worker.engine->info();
    check_equal(log, "no block is left", "free blocks", room.free_blocks, info.kv_blocks);
    check_equal(log, "no slot is left", "free slots", room.free_slots, info.max_sequences);
    if (!worker.batch->empty())
      log.breaks("no sequence is left", fmt::format("worker {} holds one", id));
  }
  const auto& trouble = company.trouble();
  const auto deaths = trouble.throws + trouble.hangs + trouble.drills;
  // Models that come and go are made again and again.
  if (story.memory.models.empty() && company.engines().made > trouble.workers + deaths)
    log.breaks("no worker is given up without need",
      fmt::format("{} engines, {} workers, {} troubles", company.engines().made, trouble.workers, deaths));
}

} // namespace

void check_rest(stage& company, const scenario& story, journal& log) {
  check_ends(company, story, log);
  check_counters_at_rest(company, log);
  const auto& admitted = *company.gateway().admitted;
  check_equal(log, "no sink is left", "live", admitted.live(), 0);
  check_equal(log, "no sink is left", "waiting", admitted.waiting(), 0);
  check_equal(log, "no sink is left", "their bytes", admitted.waiting_bytes(), 0);
  check_equal(log, "no run is left", "in the fan_out", company.fan_out().runs.size(), 0);
  check_equal(log, "no run is left", "in the scheduler", company.scheduler().generations.size(), 0);
  const auto load = company.scheduler().plan->load();
  check_equal(log, "no run is left", "in the schedule", load.waiting + load.running, 0);
  check_workers_at_rest(company, story, log);
  check_equal(log, "a drain is answered", "answers", company.drained().size(), company.drains());
  for (const auto& actor : company.deaths())
    log.breaks("no core actor dies", actor);
}

void check_stopped(stage& company, journal& log) {
  const auto ended = [&](const char* name, const auto& actor) {
    if (stage::alive(actor))
      log.breaks("a stop ends every actor", name);
  };
  ended("gateway", company.actors().gateway);
  ended("cache", company.actors().cache);
  ended("encoder", company.actors().encoder);
  ended("tokens_desk", company.actors().tokens_desk);
  ended("scheduler", company.actors().scheduler);
  ended("supervisor", company.actors().supervisor);
  ended("fan_out", company.actors().fan_out);
  ended("metrics", company.actors().metrics);
  check_equal(log, "a stop ends every actor", "actors", static_cast<std::uint64_t>(company.extra_actors() + 8), 0);
  check_equal(log, "a stop frees every engine", "engines", company.engines().alive, 0);
  for (const auto& actor : company.deaths())
    log.breaks("no core actor dies", actor);
}

} // namespace troupe::simulation
