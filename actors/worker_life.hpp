// One worker's life as its supervisor sees it: plain data, no actor.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "actors/options.hpp"
#include "actors/protocol/types.hpp"

namespace troupe {

/// Where a worker is between its start and its next start.
///
/// It is loading, or unloaded until somebody asks for it, then ready; when it fails it is failed until its successor
/// starts, and restarting until that one is ready. The delay before a start doubles with each failure, and is the first
/// one again after a worker that stayed ready for as long as the longest delay.
class worker_life {
public:
  using time_point = std::chrono::steady_clock::time_point;

  worker_life(worker_id id, const worker_options& options, const supervisor_options& delays, time_point now);

  /// It has loaded its model.
  void became_ready(const worker_ready& ready, time_point now);

  /// It takes nothing new and ends when what it holds has ended.
  void drains(std::string why, time_point now);

  /// It is not there, and nothing is wrong: it is started when somebody asks for its model.
  void unloaded(std::string why, time_point now);

  /// Somebody asked.
  void loads(time_point now);

  /// It says why it is about to end. Without `retry` it is never started again.
  void said_why(std::string reason, bool retry);

  /// It has ended, for the reason it gave or else for `reason`. Returns the delay after which to start a successor;
  /// nothing when none can help.
  std::optional<timespan> ended(std::string reason, time_point now);

  /// Its successor was started.
  void restarted(time_point now);

  worker_state state() const { return status_.state; }
  /// Whether a successor would fail for the same reason: it never comes.
  bool hopeless() const { return status_.state == worker_state::failed && !retry_; }
  worker_status status(time_point now) const;

private:
  void enter(worker_state state, std::string reason, time_point now);

  worker_status status_;
  supervisor_options delays_;
  timespan delay_;
  time_point entered_;
  std::string last_words_;
  bool retry_ = true;
};

} // namespace troupe
