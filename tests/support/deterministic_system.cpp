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
    [log](const answer_started& x) { open_sink(*log, x.sink, "answer_started", true).started = x; },
    [log](const answer_text& x) {
      auto& sink = open_sink(*log, x.sink, "answer_text", false);
      if (!sink.started)
        log->breaches.push_back("sink " + std::to_string(x.sink) + ": answer_text before answer_started");
      if (sink.finishes.contains(x.choice))
        log->breaches.push_back("sink " + std::to_string(x.sink) + ": answer_text after its choice's finish");
      sink.texts[x.choice] += x.text;
      sink.tokens.insert(sink.tokens.end(), x.tokens.begin(), x.tokens.end());
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
  // The coordinator runs until no timeout is left, which never happens while an actor arms new ones.
  for (const auto& actor : tracked_)
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  run();
  for (const auto& actor : tracked_)
    caf::anon_send_exit(actor, caf::exit_reason::kill);
  run();
  tracked_.clear();
}

std::size_t deterministic_system::run(std::size_t limit) {
  std::size_t messages = 0;
  while (sched.has_job()) {
    if (++messages > limit)
      throw std::runtime_error("the company did not come to rest after " + std::to_string(limit) + " messages");
    run_one();
  }
  return messages;
}

void deterministic_system::run_some(std::size_t messages) {
  for (; messages > 0 && sched.has_job(); --messages)
    run_one();
}

void deterministic_system::run_one() {
  if (seed_ != 0) {
    const auto pick = static_cast<std::ptrdiff_t>(shuffle_() % sched.jobs.size());
    std::iter_swap(sched.jobs.begin(), sched.jobs.begin() + pick);
  }
  sched.run_once();
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
