#include "tests/simulation/play.hpp"

#include <algorithm>
#include <exception>

#include <spdlog/fmt/fmt.h>

#include "tests/simulation/checks.hpp"

namespace troupe::simulation {

namespace {

/// More messages than any story needs: actors that keep each other busy for ever.
constexpr std::size_t most_messages = 200'000;
/// How long after the last event something may still wait, on the fake clock. Longer than any hang, restart delay and
/// queue of a story.
constexpr auto patience = 120s;

class player {
public:
  player(const scenario& story, journal& log)
      : story_{story},
        log_{log},
        company_{story, log},
        moment_{company_, story, log},
        quiet_{company_, story, log} {}

  ending play() {
    begin_ = company_.now();
    while (!log_.broken() && !company_.trouble().stopped) {
      if (next_ < story_.events.size() && is_due(story_.events[next_])) {
        happen(story_.events[next_++]);
        waited_ = 0;
      } else if (company_.run_one()) {
        after_message();
      } else if (!nothing_moves()) {
        break;
      }
    }
    if (!log_.broken())
      end();
    out_.messages = messages_;
    return std::move(out_);
  }

private:
  bool is_due(const event& x) {
    if (company_.now() < begin_ + x.at)
      return false;
    return waited_ >= x.lag || company_.idle_now();
  }

  void happen(const event& x) {
    log_.note(describe(x));
    last_event_ = company_.now();
    if (x.what == event_kind::submit)
      company_.submit(x);
    else if (x.what == event_kind::hang_up)
      company_.hang_up(x.sink);
    else
      company_.strike(x);
  }

  void after_message() {
    if (next_ < story_.events.size() && company_.now() >= begin_ + story_.events[next_].at)
      ++waited_;
    moment_.look();
    if (++messages_ > most_messages)
      log_.breaks("the company comes to rest", fmt::format("not after {} messages", messages_));
  }

  /// Moves the clock to whatever comes next. Returns false when nothing comes any more.
  bool nothing_moves() {
    quiet_.look();
    company_.distrust_the_gone();
    out_.seen["a worker that was given up"] += company_.supervisor().status().abandoned;
    std::optional<time_point> next = company_.next_release();
    const auto sooner = [&](time_point at) { next = std::min(next.value_or(at), at); };
    if (next_ < story_.events.size())
      sooner(begin_ + story_.events[next_].at);
    if (const auto& timeouts = company_.sched.clock().schedule(); !timeouts.empty())
      sooner(timeouts.begin()->first);
    if (!next || log_.broken())
      return false;
    if (*next - last_event_ > patience) {
      log_.breaks("nothing waits for ever", fmt::format("{} sinks still live", company_.sinks().listening()));
      return false;
    }
    company_.sched.advance_time(std::max(*next - company_.now(), timespan{0}));
    return true;
  }

  void end() {
    if (company_.trouble().stopped) {
      // A drill may have a worker hang once more when it is let go.
      while (!log_.broken() && (company_.run_one() || company_.release_all()))
        if (++messages_ > most_messages)
          log_.breaks("the company comes to rest", "not after a stop");
      check_stopped(company_, log_);
      return;
    }
    check_rest(company_, story_, log_);
    see();
  }

  void see() {
    const auto see = [this](const std::string& what, std::uint64_t count) { out_.seen[what] += count; };
    const auto x = company_.metrics().board->snapshot(company_.now());
    see("finished", x.successful_requests);
    see("cancelled", x.cancelled_requests);
    see("hit", x.cache_hits);
    see("coalesced", x.cache_coalesced);
    for (const auto& failed : x.failures)
      see(failed.name, failed.count);
    for (const auto& worker : x.workers) {
      see("evicted", worker.evicted);
      see("prefix hit", worker.prefix_hit_tokens);
      see("restart", worker.restarts);
    }
    for (const auto& worker : company_.supervisor().status().workers)
      see("a model that rests", worker.state == worker_state::unloaded);
    for (const auto& [id, sink] : company_.sinks().all()) {
      see("slow reader", sink.gone && sink.reads > 0);
      see("let in while the queue was full", sink.may_not_start);
    }
  }

  const scenario& story_;
  journal& log_;
  stage company_;
  moment_checks moment_;
  quiet_checks quiet_;
  time_point begin_;
  time_point last_event_;
  std::size_t next_ = 0;
  /// Messages since the next event was due.
  std::uint32_t waited_ = 0;
  std::size_t messages_ = 0;
  ending out_;
};

} // namespace

ending play(const scenario& story) {
  journal log;
  ending out;
  try {
    player one{story, log};
    out = one.play();
  } catch (const std::exception& e) {
    log.breaks("nothing throws", e.what());
  }
  out.broken = log.broken();
  out.log = log.lines();
  out.hash = log.hash();
  return out;
}

} // namespace troupe::simulation
