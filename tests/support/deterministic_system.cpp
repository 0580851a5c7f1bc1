#include "tests/support/deterministic_system.hpp"

#include <algorithm>
#include <stdexcept>

#include <spdlog/spdlog.h>

namespace troupe::test {

namespace {

/// The log of a sink that may still be told something; says so in `breaches` when it may not.
sink_log& open_sink(edge_log& log, sink_id sink, const char* event, bool starts) {
  auto& entry = log.sinks[sink];
  const auto breach = [&](const char* why) {
    log.breaches.push_back("sink " + std::to_string(sink) + ": " + event + " " + why);
  };
  if (entry.ended())
    breach("after its end");
  if (starts && entry.started)
    breach("a second time");
  return entry;
}

} // namespace

edge_actor::behavior_type fake_edge(edge_actor::pointer, std::shared_ptr<edge_log> log) {
  return {
    [log](const answer_admitted& x) {
      auto& sink = log->sinks[x.sink];
      if (sink.admitted || sink.started || sink.ended())
        log->breaches.push_back("sink " + std::to_string(x.sink) + ": answer_admitted is not what comes first");
      sink.admitted = x;
    },
    [log](const answer_started& x) { open_sink(*log, x.sink, "answer_started", true).started = x; },
    [log](const answer_text& x) {
      auto& sink = open_sink(*log, x.sink, "answer_text", false);
      if (!sink.started)
        log->breaches.push_back("sink " + std::to_string(x.sink) + ": answer_text before answer_started");
      if (sink.finishes.contains(x.choice))
        log->breaches.push_back("sink " + std::to_string(x.sink) + ": answer_text after its choice's finish");
      sink.texts[x.choice] += x.text;
      sink.tokens.insert(sink.tokens.end(), x.tokens.begin(), x.tokens.end());
      sink.embedding.insert(sink.embedding.end(), x.embedding.begin(), x.embedding.end());
      ++sink.pieces;
      if (x.finish != finish_reason::none)
        sink.finishes[x.choice] = x.finish;
    },
    [log](const answer_finished& x) {
      auto& sink = open_sink(*log, x.sink, "answer_finished", false);
      if (!sink.started || sink.finishes.empty())
        log->breaches.push_back("sink " + std::to_string(x.sink) + ": answer_finished before its text's finish");
      sink.finished = x;
    },
    [log](const answer_failed& x) { open_sink(*log, x.sink, "answer_failed", false).failed = x; },
  };
}

deterministic_system::testing_config::testing_config() {
  set("scheduler.policy", caf::atom("testing"));
}

deterministic_system::deterministic_system(std::uint64_t seed)
    : sys{config_},
      self{sys, true},
      sched{dynamic_cast<caf::scheduler::test_coordinator&>(sys.scheduler())},
      seed_{seed},
      shuffle_{seed} {
  // A thousand companies write a hundred thousand lines.
  spdlog::set_level(spdlog::level::off);
}

deterministic_system::~deterministic_system() {
  end_actors();
}

void deterministic_system::end_actors() {
  // The coordinator runs until no timeout is left, which never happens while an actor arms new ones.
  for (const auto reason : {caf::exit_reason::user_shutdown, caf::exit_reason::kill}) {
    for (const auto& actor : tracked_)
      caf::anon_send_exit(actor, reason);
    run();
    // One that is let go may have been told to hang once more.
    while (release_all())
      run();
  }
  tracked_.clear();
}

std::size_t deterministic_system::run(std::size_t limit) {
  std::size_t messages = 0;
  while (run_one())
    if (++messages > limit)
      throw std::runtime_error("the company did not come to rest after " + std::to_string(limit) + " messages");
  return messages;
}

void deterministic_system::run_some(std::size_t messages) {
  while (messages > 0 && run_one())
    --messages;
}

bool deterministic_system::run_one() {
  const auto free = free_jobs();
  if (free.empty())
    return false;
  const std::size_t pick = choose ? choose(free) : seed_ != 0 ? shuffle_() % free.size() : 0;
  const auto job = std::find(sched.jobs.begin(), sched.jobs.end(), free[pick]);
  std::iter_swap(sched.jobs.begin(), job);
  running_ = caf::actor_cast<caf::strong_actor_ptr>(dynamic_cast<caf::abstract_actor*>(free[pick]));
  sched.run_once();
  running_ = nullptr;
  return true;
}

std::vector<caf::resumable*> deterministic_system::free_jobs() {
  if (held_.empty())
    return {sched.jobs.begin(), sched.jobs.end()};
  std::vector<caf::resumable*> out;
  for (auto* const job : sched.jobs)
    if (!holds(caf::actor_cast<caf::strong_actor_ptr>(dynamic_cast<caf::abstract_actor*>(job))))
      out.push_back(job);
  return out;
}

bool deterministic_system::idle_now() {
  return free_jobs().empty();
}

void deterministic_system::hold(const caf::strong_actor_ptr& actor, caf::actor_clock::time_point until) {
  held_.push_back({actor, until});
}

void deterministic_system::hold_running(caf::actor_clock::time_point until) {
  hold(running_, until);
}

std::optional<caf::actor_clock::time_point> deterministic_system::next_release() {
  std::erase_if(held_, [this](const held_actor& x) { return x.until <= now(); });
  const auto first = std::min_element(
    held_.begin(), held_.end(), [](const held_actor& a, const held_actor& b) { return a.until < b.until; });
  return first == held_.end() ? std::nullopt : std::optional{first->until};
}

bool deterministic_system::holds(const caf::strong_actor_ptr& actor) {
  return std::any_of(
    held_.begin(), held_.end(), [&](const held_actor& x) { return x.actor == actor && now() < x.until; });
}

void deterministic_system::advance(timespan time, timespan step) {
  while (time.count() > 0) {
    const auto part = std::min(time, step);
    sched.advance_time(part);
    run();
    time -= part;
  }
}

} // namespace troupe::test
