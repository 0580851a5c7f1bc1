#include "actors/cache_keeper.hpp"

#include <utility>

namespace troupe {

namespace {

sink_record record_of(const admitted_request& admitted, cache_state cache) {
  sink_record out;
  out.request_id = admitted.request.request_id;
  out.endpoint = admitted.request.endpoint;
  out.model = admitted.request.model;
  out.run = admitted.run;
  out.cache = cache;
  return out;
}

failure unserved(const std::string& model) {
  return {failure_code::model_not_found, "the model '" + model + "' is not served here", "model", timespan{0}};
}

} // namespace

void cache_keeper_state::start(cache::response_cache_options options, generation_parts parts) {
  answers_.emplace(options);
  parts_ = std::move(parts);
  parts_.links.cache = cache_actor{self_};
}

void cache_keeper_state::lookup(
  const admitted_request& admitted, const edge_actor& edge, sink_id sink, const gateway_actor& gateway) {
  auto state = cache_state::bypass;
  auto run = admitted.run;
  std::string key;
  if (admitted.request.cache == cache_policy::use) {
    key = canonical(admitted.request);
    const auto* const answer = answers_->find(key, self_->clock().now());
    report_load();
    if (answer != nullptr) {
      replay(*answer, admitted, edge, sink, gateway);
      return;
    }
    const auto joined = flights_.find(key);
    state = joined ? cache_state::coalesced : cache_state::miss;
    run = joined.value_or(run);
  }
  if (state != cache_state::coalesced) {
    if (!admitted.may_start) {
      refuse(admitted, admitted.refusal, edge, sink, gateway);
      return;
    }
    if (const auto text = parts_.texts.find(admitted.request.model); text == parts_.texts.end())
      return refuse(admitted, unserved(admitted.request.model), edge, sink, gateway);
    else
      start_run(admitted, text->second, std::move(key), gateway);
  }
  self_->send(flights_.join(run, sink), attach_atom_v, edge, sink, admitted.request, state);
}

void cache_keeper_state::detach(sink_id sink, detach_reason reason) {
  if (const auto generation = flights_.leave(sink))
    self_->send(*generation, detach_atom_v, sink, reason);
}

void cache_keeper_state::finished(run_id run, finished_answer answer) {
  auto ended_flight = flights_.end(run);
  if (!ended_flight)
    return;
  if (!ended_flight->key.empty()) {
    const auto bytes = answer.size();
    answers_->insert(std::move(ended_flight->key), std::move(answer), bytes, self_->clock().now());
    report_load();
  }
  self_->send(ended_flight->generation, release_atom_v);
}

void cache_keeper_state::ended(run_id run) {
  if (const auto ended_flight = flights_.end(run))
    self_->send(ended_flight->generation, release_atom_v);
}

std::uint64_t cache_keeper_state::clear() {
  const auto count = answers_->clear();
  report_load();
  return count;
}

void cache_keeper_state::stop() {
  for (const auto& [run, flight] : flights_.all())
    self_->send_exit(flight.generation, caf::exit_reason::user_shutdown);
}

void cache_keeper_state::replay(const finished_answer& answer, const admitted_request& admitted, const edge_actor& edge,
  sink_id sink, const gateway_actor& gateway) {
  const auto began = self_->clock().now();
  self_->send(edge, answer_started{sink, admitted.run, cache_state::hit, {answer.usage.prompt_tokens, 0}});
  std::uint32_t index = 0;
  for (const auto& choice : answer.choices)
    self_->send(
      edge, answer_text{sink, index++, choice.text, choice.tokens, choice.finish, choice.generated, choice.embedding});
  const auto took = self_->clock().now() - began;
  const auto truncated = answer.truncated_messages + admitted.request.trimmed_messages;
  self_->send(edge, answer_finished{sink, answer.usage, truncated, took, took});

  auto record = record_of(admitted, cache_state::hit);
  record.finish = ending_of(answer.choices);
  record.usage = answer.usage;
  record.time_to_first_token = took;
  record.latency = took;
  self_->send(parts_.links.metrics, std::move(record));
  self_->send(gateway, ended_atom_v, sink, answer.usage);
}

void cache_keeper_state::refuse(const admitted_request& admitted, const failure& reason, const edge_actor& edge,
  sink_id sink, const gateway_actor& gateway) {
  self_->send(edge, answer_failed{sink, reason});
  auto record = record_of(admitted, cache_state::miss);
  record.result = outcome::failed;
  record.code = reason.code;
  self_->send(parts_.links.metrics, std::move(record));
  self_->send(gateway, ended_atom_v, sink, token_usage{});
}

void cache_keeper_state::start_run(
  const admitted_request& admitted, const model_text& text, std::string key, const gateway_actor& gateway) {
  auto links = parts_.links;
  links.gateway = gateway;
  flights_.start(admitted.run, std::move(key),
    self_->spawn(generation, admitted.run, admitted.request, std::move(links), text, parts_.options));
}

void cache_keeper_state::report_load() {
  const cache_load now{answers_->entries(), answers_->bytes(), answers_->evictions()};
  if (now.entries == reported_.entries && now.bytes == reported_.bytes && now.evictions == reported_.evictions)
    return;
  reported_ = now;
  self_->send(parts_.links.metrics, now);
}

cache_actor::behavior_type cache_keeper(
  cache_pointer self, cache::response_cache_options options, generation_parts parts) {
  self->state.start(options, std::move(parts));
  self->set_exit_handler([self](caf::exit_msg& x) {
    self->state.stop();
    self->quit(x.reason);
  });
  return {
    [self](lookup_atom, const admitted_request& admitted, const edge_actor& edge, sink_id sink,
      const gateway_actor& gateway) { self->state.lookup(admitted, edge, sink, gateway); },
    [self](detach_atom, sink_id sink, detach_reason reason) { self->state.detach(sink, reason); },
    [self](finished_atom, run_id run, finished_answer& answer) { self->state.finished(run, std::move(answer)); },
    [self](ended_atom, run_id run) { self->state.ended(run); },
    [self](clear_atom) { return self->state.clear(); },
  };
}

} // namespace troupe
