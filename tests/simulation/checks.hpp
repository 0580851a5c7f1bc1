// What must hold in every story: between any two messages, when nothing moves, and when all is over.
#pragma once

#include "tests/simulation/stage.hpp"

namespace troupe::simulation {

/// How late a deadline, a request's or a drain's, may be seen.
inline constexpr auto tick_slack = 300ms;

/// Between two messages: bounds hold, counters add up, nobody keeps an address of who has ended.
class moment_checks {
public:
  moment_checks(stage& company, const scenario& story, journal& log) : company_{company}, story_{story}, log_{log} {}

  /// Call it after each message. Looks at the dearer things every few messages.
  void look();

private:
  void bounds();
  void queue_bound();
  void counters();
  void addresses();

  stage& company_;
  const scenario& story_;
  journal& log_;
  std::size_t messages_ = 0;
  std::size_t waited_ = 0;
  std::size_t waited_bytes_ = 0;
  std::size_t lived_ = 0;
  std::size_t kept_ = 0;
};

/// No actor can move before the clock does: what lives is what listens, and nobody waits who could run.
class quiet_checks {
public:
  quiet_checks(stage& company, const scenario& story, journal& log) : company_{company}, story_{story}, log_{log} {}

  /// Call it each time that nothing moves.
  void look();

private:
  void counters();
  void sinks();
  void fairness();

  stage& company_;
  const scenario& story_;
  journal& log_;
  /// Counted from when the gateway has surely heard of the drain.
  std::optional<time_point> drain_deadline_;
};

/// All is over: nothing is left anywhere, and what went in is what came out.
void check_rest(stage& company, const scenario& story, journal& log);

/// The company was stopped in the middle of something: every actor has ended, every engine is gone.
void check_stopped(stage& company, journal& log);

/// Every sink's end is one that the story can account for.
void check_ends(stage& company, const scenario& story, journal& log);

} // namespace troupe::simulation
