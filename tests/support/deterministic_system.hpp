// The company in one thread, on a fake clock, from one seed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <caf/all.hpp>

#include "actors/company.hpp"
#include "actors/protocol/interfaces.hpp"

namespace troupe::test {

/// All that an edge was told about one sink.
struct sink_log {
  std::optional<answer_admitted> admitted;
  std::optional<answer_started> started;
  /// By choice.
  std::map<std::uint32_t, std::string> texts;
  std::map<std::uint32_t, finish_reason> finishes;
  std::vector<token_logprob> tokens;
  std::vector<std::uint32_t> embedding;
  /// How many `answer_text` came.
  std::size_t pieces = 0;
  std::optional<answer_finished> finished;
  std::optional<answer_failed> failed;

  bool ended() const { return finished || failed; }
  std::string text() const { return texts.empty() ? std::string{} : texts.begin()->second; }
};

/// Stands for an edge: keeps what its sinks are told, and every breach of an edge's contract.
struct edge_log {
  std::map<sink_id, sink_log> sinks;
  /// One sentence for each event that may not come: a second start, text before the start, anything after the end.
  std::vector<std::string> breaches;
};

edge_actor::behavior_type fake_edge(edge_actor::pointer self, std::shared_ptr<edge_log> log);

/// An actor system in one thread with a clock of its own. Use it as a Catch fixture, or by value with a seed.
///
/// Seed 0 runs actors in the order in which they were told something; another seed picks the next one at random, one
/// message at a time, so that each seed is another interleaving. Two messages between the same two actors keep their
/// order. An actor that is held does not run, whatever it is told: its thread hangs. The destructor ends all actors
/// that `spawn` and `track` know of, then checks that none is left.
class deterministic_system {
public:
  explicit deterministic_system(std::uint64_t seed = 0);
  ~deterministic_system();
  deterministic_system(const deterministic_system&) = delete;
  deterministic_system& operator=(const deterministic_system&) = delete;

  /// Spawns an actor that is ended with the system.
  template <class F, class... Ts>
  auto spawn(F function, Ts&&... arguments) {
    auto handle = sys.spawn(function, std::forward<Ts>(arguments)...);
    track(handle);
    return handle;
  }

  /// Ends an actor that something else spawned with the system.
  template <class Handle>
  void track(const Handle& handle) {
    tracked_.push_back(caf::actor_cast<caf::strong_actor_ptr>(handle));
  }

  /// An edge with a log of its own.
  edge_actor spawn_edge(std::shared_ptr<edge_log> log) { return spawn(fake_edge, std::move(log)); }

  /// Lets actors work until none has a message. Returns how many messages that were. Throws `std::runtime_error`
  /// after `limit` of them: actors that keep each other busy for ever.
  std::size_t run(std::size_t limit = 1'000'000);

  /// Lets actors work on at most `messages` messages: stops the company in the middle of something.
  void run_some(std::size_t messages);

  /// Lets one actor work on one message. Returns false when none can.
  bool run_one();

  /// Keeps an actor from running until the clock says `until`. What it is told waits in its mailbox.
  void hold(const caf::strong_actor_ptr& actor, caf::actor_clock::time_point until);

  /// The same for the actor whose message is being handled: it does not come back from it.
  void hold_running(caf::actor_clock::time_point until);

  bool holds(const caf::strong_actor_ptr& actor);

  /// Whether no actor can work now.
  bool idle_now();

  /// Lets all go that are held. Returns whether there was one.
  bool release_all() { return !std::exchange(held_, {}).empty(); }

  /// When the first of those that are held runs again; nothing when none is.
  std::optional<caf::actor_clock::time_point> next_release();

  /// Whose message is being handled; null between two messages.
  const caf::strong_actor_ptr& running() const { return running_; }

  /// Picks the next actor to run, by its index among those that may; replaces what the seed would pick.
  std::function<std::size_t(const std::vector<caf::resumable*>&)> choose;

  /// Moves the clock, step by step so that what is due comes at its time, and lets actors work after each step.
  void advance(timespan time, timespan step = std::chrono::milliseconds{50});

  /// The fake clock's time.
  caf::actor_clock::time_point now() { return sched.clock().now(); }

  /// Sends a message and lets actors work.
  template <class Handle, class... Ts>
  void tell(const Handle& handle, Ts&&... message) {
    self->send(handle, std::forward<Ts>(message)...);
    run();
  }

  /// Asks, lets actors work, and returns the answer. Throws `std::runtime_error` when there is none or it is an error.
  template <class Result, class Handle, class... Ts>
  Result ask(const Handle& handle, Ts&&... message) {
    auto pending = self->request(handle, std::chrono::seconds{1}, std::forward<Ts>(message)...);
    run();
    std::optional<Result> answer;
    std::string why = "no answer";
    // A missing answer must not block the only thread: let the request's timeout come.
    if (self->mailbox().empty())
      advance(std::chrono::seconds{2});
    pending.receive([&](Result& x) { answer = std::move(x); }, [&](const caf::error& e) { why = sys.render(e); });
    if (!answer)
      throw std::runtime_error("ask: " + why);
    return std::move(*answer);
  }

  /// Ends all actors that `spawn` and `track` know of. Call it before what their callbacks use is gone.
  void end_actors();

  /// Whether an actor still lives.
  template <class Handle>
  static bool alive(const Handle& handle) {
    auto* actor = caf::actor_cast<caf::abstract_actor*>(handle);
    return !static_cast<caf::monitorable_actor*>(actor)->getf(caf::abstract_actor::is_terminated_flag);
  }

private:
  std::vector<caf::resumable*> free_jobs();

  struct testing_config : company_config {
    testing_config();
  };

  testing_config config_;

public:
  caf::actor_system sys;
  caf::scoped_actor self;
  caf::scheduler::test_coordinator& sched;

private:
  std::uint64_t seed_;
  std::mt19937_64 shuffle_;
  std::vector<caf::strong_actor_ptr> tracked_;

  struct held_actor {
    caf::strong_actor_ptr actor;
    caf::actor_clock::time_point until;
  };
  std::vector<held_actor> held_;
  caf::strong_actor_ptr running_;
};

} // namespace troupe::test
