// Those who listen: fake edges whose clients read fast, slowly, or not to the end, and who notice every wrong word.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "actors/protocol/interfaces.hpp"
#include "tests/simulation/journal.hpp"
#include "tests/simulation/undisturbed.hpp"

namespace troupe::simulation {

/// One sink, and all that it was told.
struct listener {
  native_request request;
  undisturbed_answer expected;
  /// In bytes a second; 0 for as fast as it comes.
  std::uint32_t reads = 0;
  time_point submitted;
  /// When the gateway took it in.
  std::optional<time_point> admitted;
  std::optional<answer_started> started;
  std::map<std::uint32_t, std::string> texts;
  std::map<std::uint32_t, finish_reason> finishes;
  std::map<std::uint32_t, std::vector<token_id>> tokens;
  std::map<std::uint32_t, std::vector<std::uint32_t>> logprobs;
  std::vector<std::uint32_t> embedding;
  std::optional<time_point> first_text;
  std::optional<answer_finished> finished;
  std::optional<answer_failed> failed;
  std::optional<time_point> ended_at;
  /// It came while the queue was full; and it lived at a moment when there was no room for another.
  bool may_not_start = false;
  bool saw_full = false;
  /// The company was told that nobody listens any more.
  bool gone = false;
  /// Bytes that the client has not read yet, as of `read_at`.
  double buffered = 0;
  time_point read_at;

  bool ended() const { return finished || failed; }
  /// Neither ended nor gone.
  bool listens() const { return !ended() && !gone; }
};

/// All sinks of one simulation. Says in the journal what they hear and what they should not have heard.
class audience {
public:
  audience(journal& log, const scenario& story) : log_{log}, story_{story} {}

  void submit(sink_id sink, const native_request& request, std::uint32_t reads);
  /// The client is gone. Returns false for a sink that was gone or had ended.
  bool leaves(sink_id sink);

  void hear(const answer_started& x);
  /// Returns whether the sink is to be detached: its client reads too slowly.
  bool hear(const answer_text& x);
  void hear(const answer_finished& x);
  void hear(const answer_failed& x);

  /// Who is let in now; `full` says whether the queue was full when the new one of them came.
  void admits(const std::vector<sink_id>& live, bool full);
  /// There is no room now: whoever has no answer yet may be refused.
  void sees_full();

  const std::map<sink_id, listener>& all() const { return sinks_; }
  std::size_t listening() const;

private:
  listener* find(sink_id sink, const char* event);
  void check_text(const listener& x, const answer_text& more);
  void check_answer(const listener& x);
  void check_given(const listener& x);
  void end(sink_id sink, listener& x, const std::string& how);
  bool overflows(listener& x, std::size_t bytes);

  journal& log_;
  const scenario& story_;
  std::map<sink_id, listener> sinks_;
};

/// An edge of the company for these sinks. It detaches those that read too slowly, as the real one does.
edge_actor::behavior_type edge_of(edge_actor::pointer self, audience* sinks, gateway_actor gateway);

} // namespace troupe::simulation
