#include "actors/fan_out.hpp"

#include <utility>

namespace troupe {

fan_out_actor::behavior_type fan_out(fan_out_actor::stateful_pointer<fan_out_state> self) {
  const auto pass_on = [self](auto& part) {
    if (const auto run = self->state.runs.find(part.key.run); run != self->state.runs.end())
      self->send(run->second, std::move(part));
  };
  return {
    [self](register_atom, run_id run, generation_actor generation) {
      self->state.runs.insert_or_assign(run, std::move(generation));
    },
    [self](unregister_atom, run_id run) { self->state.runs.erase(run); },
    [pass_on](step_report& step) {
      for (auto& scores : step.scores)
        pass_on(scores);
      for (auto& tokens : step.tokens)
        pass_on(tokens);
      for (auto& embedding : step.embeddings)
        pass_on(embedding);
      for (auto& failed : step.failed)
        pass_on(failed);
    },
  };
}

} // namespace troupe
