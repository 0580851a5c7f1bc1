#include "actors/generation.hpp"

#include <exception>
#include <utility>

#include <spdlog/spdlog.h>

namespace troupe {

namespace {

/// Does what a message asks for; what throws ends this run and no other. An exception that left the handler would end
/// the actor, and a sink that is on its way here would never hear of its end.
template <class F>
void guarded(generation_pointer self, F step) {
  std::string why = "an exception without a message";
  try {
    step(self->state);
    return;
  } catch (const std::exception& e) {
    why = e.what();
  } catch (...) {
  }
  spdlog::error("run {} failed: {}", self->state.run(), why);
  self->state.fail_run({failure_code::internal_error, "the request failed inside the server", {}, timespan{0}});
}

} // namespace

generation_actor::behavior_type generation(generation_pointer self, run_id run, native_request request,
  generation_links links, model_text text, generation_options options) {
  self->state.start(run, std::move(request), std::move(links), std::move(text), options);
  self->set_exit_handler([self](caf::exit_msg& x) {
    self->state.fail_run({failure_code::draining, "the server is shutting down", {}, timespan{0}});
    self->quit(x.reason);
  });
  return {
    [self](attach_atom, const edge_actor& edge, sink_id sink, const native_request& own, cache_state cache) {
      guarded(self, [&](auto& state) { state.attach(edge, sink, own, cache); });
    },
    [self](detach_atom, sink_id sink, detach_reason reason) {
      guarded(self, [&](auto& state) { state.detach(sink, reason); });
    },
    [self](release_atom) { self->state.release(); },
    [self](const encoded_prompt& x) { guarded(self, [&](auto& state) { state.take_prompt(x); }); },
    [self](const placement& x) { guarded(self, [&](auto& state) { state.take_place(x); }); },
    [self](const prompt_scores& x) { guarded(self, [&](auto& state) { state.take_scores(x); }); },
    [self](const sequence_tokens& x) { guarded(self, [&](auto& state) { state.take_tokens(x); }); },
    [self](const sequence_embedding& x) { guarded(self, [&](auto& state) { state.take_embedding(x); }); },
    [self](const sequence_failed& x) { guarded(self, [&](auto& state) { state.take_failure(x); }); },
    [self](const sequence_lost& x) { guarded(self, [&](auto& state) { state.take_loss(x); }); },
  };
}

} // namespace troupe
