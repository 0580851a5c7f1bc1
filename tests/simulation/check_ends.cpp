// Which ends a story can account for.
#include <algorithm>

#include <spdlog/fmt/fmt.h>

#include "actors/protocol/names.hpp"
#include "tests/simulation/checks.hpp"

namespace troupe::simulation {

namespace {

/// Whether a model may be refused for lack of memory.
bool may_lack_memory(const scenario& story) {
  const auto& memory = story.memory;
  return memory.budget > 0 &&
    (story.workers.size() > memory.budget &&
      (memory.budget == 1 ||
        std::any_of(memory.models.begin(), memory.models.end(), [](const residence& x) { return x.pinned; })));
}

/// Why a sink may not have failed in this way; empty when it may.
std::string objection(const listener& x, const stage& company_, const scenario& story, failure_code code) {
  const auto& trouble = company_.trouble();
  const auto lived = *x.ended_at - x.submitted;
  if (x.expected.failure == code)
    return {};
  switch (code) {
  case failure_code::queue_full:
    return x.saw_full ? "" : "there was room";
  case failure_code::draining:
    return trouble.drain_within || trouble.stopped ? "" : "nobody drains";
  case failure_code::no_worker:
    return trouble.lost_models || may_lack_memory(story) || (!story.memory.models.empty() && trouble.failed_loads > 0)
      ? ""
      : "every model has a worker";
  case failure_code::deadline_exceeded:
    if (x.request.timeout.count() == 0)
      return "it has no deadline";
    return lived >= x.request.timeout ? "" : "its time is not over";
  case failure_code::internal_error:
    // A row that throws twice fails; so does all that two workers held that hung one after the other.
    return trouble.throws > 1 || trouble.hangs > 1 ? "" : "nothing was broken";
  default:
    return "nothing is wrong with the request";
  }
}

} // namespace

void check_ends(stage& company, const scenario& story, journal& log) {
  for (const auto& [id, x] : company.sinks().all()) {
    if (x.failed) {
      if (const auto why = objection(x, company, story, x.failed->reason.code); !why.empty())
        log.breaks("no request fails without need",
          fmt::format("sink {} failed with {}: {}", id, name(x.failed->reason.code), why));
      continue;
    }
    if (!x.finished && !x.gone)
      log.breaks("every sink has its end", fmt::format("sink {} has none", id));
    if (x.finished && x.may_not_start && x.started &&
      (x.started->cache == cache_state::miss || x.started->cache == cache_state::bypass))
      log.breaks("a full queue starts no run", fmt::format("sink {} started one", id));
  }
  if (story.fair_within.count() == 0)
    return;
  const auto patient = company.sinks().all().find(story.patient);
  if (patient == company.sinks().all().end())
    return;
  const auto& x = patient->second;
  if (x.first_text && *x.first_text - *x.admitted > story.fair_within)
    log.breaks("a low priority does not starve",
      fmt::format("sink {} had its first text after {} ms", story.patient, (*x.first_text - *x.admitted) / 1ms));
}

} // namespace troupe::simulation
