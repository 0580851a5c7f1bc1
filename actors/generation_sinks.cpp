// How a run's sinks come, hear of it and leave.

#include <utility>

#include "actors/generation.hpp"

namespace troupe {

void generation_state::welcome(sink& x) {
  self_->send(x.edge, answer_started{x.id, run_, x.cache, {static_cast<std::uint32_t>(prompt_.size()), 0}});
  if (placed_)
    mark_placed(x);
  for (std::uint32_t i = 0; i < choices_.size(); ++i) {
    const auto& so_far = choices_[i];
    if (so_far.accepted.empty() && so_far.finish == finish_reason::none)
      continue;
    x.first_token = now();
    if (!so_far.text.empty() || !so_far.tokens.empty() || so_far.finish != finish_reason::none)
      self_->send(x.edge,
        answer_text{x.id, i, so_far.text, so_far.tokens, so_far.finish,
          static_cast<std::uint32_t>(so_far.accepted.size()), so_far.embedding});
  }
}

void generation_state::mark_placed(sink& x) {
  if (x.placed)
    return;
  x.placed = now();
  self_->send(links_.gateway, placed_atom_v, x.id);
}

void generation_state::finish(const sink& x) {
  const auto first = x.first_token.value_or(now()) - x.attached;
  self_->send(
    x.edge, answer_finished{x.id, usage(), truncated_messages_ + x.trimmed_messages, first, now() - x.attached});
  record(x, outcome::finished, {}, {});
}

void generation_state::fail(const sink& x, const failure& reason) {
  self_->send(x.edge, answer_failed{x.id, reason});
  record(x, outcome::failed, reason.code, {});
}

void generation_state::drop(const sink& x, detach_reason reason) {
  record(x, outcome::cancelled, {}, reason);
}

void generation_state::record(const sink& x, outcome result, failure_code code, detach_reason why) {
  sink_record out;
  out.request_id = x.request_id;
  out.endpoint = x.endpoint;
  out.model = request_.model;
  out.run = run_;
  out.cache = x.cache;
  out.result = result;
  out.code = code;
  out.why = why;
  if (result == outcome::finished)
    out.finish = ending_of(choices_);
  out.usage = usage();
  out.queued = x.placed.value_or(now()) - x.attached;
  out.time_to_first_token = x.first_token ? *x.first_token - x.attached : timespan{0};
  out.latency = now() - x.attached;
  const auto used = out.usage;
  self_->send(links_.metrics, std::move(out));
  self_->send(links_.gateway, ended_atom_v, x.id, used);
}

} // namespace troupe
