// One run: from a prompt to its last token, for all who listen.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "actors/choice_text.hpp"
#include "actors/options.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/world.hpp"

namespace troupe {

/// Whom a generation tells what.
struct generation_links {
  scheduler_actor scheduler;
  fan_out_actor fan_out;
  encoder_actor encoder;
  cache_actor cache;
  gateway_actor gateway;
  metrics_actor metrics;
};

using time_point = std::chrono::steady_clock::time_point;

struct generation_state;
using generation_pointer = generation_actor::stateful_pointer<generation_state>;

/// A run's accepted tokens, their text and its sinks.
///
/// Every sink leaves by one of `finish`, `fail` and `drop`, which give it its terminal event (a client that is gone
/// gets none), its record and its `ended`; the run itself ends once, by `finish_run` or `end_run`.
struct generation_state {
  explicit generation_state(generation_pointer self) : self_{self} {}

  void start(run_id run, native_request request, generation_links links, model_text text, generation_options options);

  void attach(const edge_actor& edge, sink_id id, const native_request& request, cache_state cache);
  void detach(sink_id id, detach_reason reason);
  void release();
  void take_prompt(const encoded_prompt& prompt);
  void take_place(const placement& place);
  void take_scores(const prompt_scores& part);
  void take_tokens(const sequence_tokens& step);
  void take_embedding(const sequence_embedding& part);
  void take_failure(const sequence_failed& failed);
  void take_loss(const sequence_lost& lost);

  /// Ends the run with a failure of all its sinks. Does nothing after the run's end.
  void fail_run(const failure& reason);

  run_id run() const { return run_; }

private:
  enum class phase { idle, encoding, running, finished, failed };

  struct sink {
    sink_id id;
    edge_actor edge;
    std::string request_id;
    std::string endpoint;
    std::uint32_t trimmed_messages;
    cache_state cache;
    time_point attached;
    std::optional<time_point> placed;
    std::optional<time_point> first_token;
  };

  struct choice {
    std::vector<token_id> accepted;
    /// The placement that counts; 0 while there is none.
    epoch_id epoch = 0;
    /// Goes with each request for a place, as the last loss said it.
    std::uint32_t strikes = 0;
    choice_text decoder;
    /// What has gone out.
    std::string text;
    std::vector<token_logprob> tokens;
    finish_reason finish = finish_reason::none;
    /// Of work that embeds: floats' bits.
    std::vector<std::uint32_t> embedding = {};
    /// Of work that scores: what follows the prompt.
    std::vector<token_id> given = {};
  };

  // The run.
  void encode();
  void ask_for_place(std::uint32_t index);
  /// The choices after the first find the prompt in the prefix cache of its worker.
  void ask_for_other_places();
  void begin_echo();
  /// The choice that a message means, if its epoch counts and the choice has not ended.
  choice* current(const sequence_key& key, epoch_id epoch);
  text_delta accept(choice& x, const sequence_tokens& step);
  /// Of work that scores: more of a choice's tokens have their scores.
  void take_given_scores(choice& x, const prompt_scores& part);
  /// Ends a choice that draws nothing: its whole answer goes out, and the run ends with its last choice.
  void finish_given(choice& done, std::uint32_t index);
  void finish_run_with_last_choice();
  void finish_run();
  /// Ends a run that has no sink left, without an answer to keep.
  void end_run(const failure& reason);
  void leave_workers();
  token_usage usage() const;

  // Its sinks.
  void welcome(sink& x);
  void mark_placed(sink& x);
  void finish(const sink& x);
  void fail(const sink& x, const failure& reason);
  void drop(const sink& x, detach_reason reason);
  void record(const sink& x, outcome result, failure_code code, detach_reason why);

  time_point now() const;

  generation_pointer self_;
  run_id run_ = 0;
  native_request request_;
  generation_links links_;
  model_text text_;
  generation_options options_;

  phase phase_ = phase::idle;
  time_point born_;
  bool released_ = false;
  bool placed_ = false;
  std::vector<token_id> prompt_;
  /// What an answer with echo begins with; its tokens come with their scores.
  text_delta echo_;
  std::uint32_t truncated_messages_ = 0;
  std::uint32_t max_tokens_ = 0;
  std::vector<choice> choices_;
  std::vector<sink> sinks_;
  /// Why the run has failed.
  failure failure_;
};

/// Runs one request. The prompt is encoded when the first sink attaches. Whatever throws in here fails the run's own
/// sinks with `internal_error`, frees its place and is heard of by nobody else.
generation_actor::behavior_type generation(generation_pointer self, run_id run, native_request request,
  generation_links links, model_text text, generation_options options);

} // namespace troupe
