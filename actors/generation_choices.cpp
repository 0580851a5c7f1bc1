// A run's choices: where they ask for a place, and what their tokens say.

#include <cstddef>
#include <string>
#include <utility>

#include "actors/generation.hpp"

namespace troupe {

void generation_state::ask_for_place(std::uint32_t index) {
  const auto& accepted = choices_[index].accepted;
  const auto& params = request_.params;
  placement_request out;
  out.key = {run_, index};
  out.kind = request_.kind;
  out.model = request_.model;
  out.adapter = request_.adapter;
  out.tenant_salt = request_.tenant;
  out.tokens = prompt_;
  out.tokens.insert(out.tokens.end(), accepted.begin(), accepted.end());
  out.tokens.insert(out.tokens.end(), choices_[index].given.begin(), choices_[index].given.end());
  out.pool = request_.pool;
  out.prompt_tokens = static_cast<std::uint32_t>(prompt_.size());
  out.max_tokens = max_tokens_;
  out.sampling.temperature = params.temperature;
  out.sampling.top_k = params.top_k;
  out.sampling.top_p = params.top_p;
  out.sampling.min_p = params.min_p;
  out.sampling.presence_penalty = params.presence_penalty;
  out.sampling.frequency_penalty = params.frequency_penalty;
  out.sampling.repetition_penalty = params.repetition_penalty;
  out.sampling.logit_bias = params.logit_bias;
  out.sampling.seed = params.seed;
  out.sampling.logprobs = params.logprobs;
  out.sampling.top_logprobs = params.top_logprobs;
  out.ignore_eos = params.ignore_eos;
  out.score_prompt = params.echo && params.logprobs && index == 0 && accepted.empty();
  out.grammar = params.grammar;
  out.grammar_source = params.grammar_source;
  out.priority = request_.priority;
  out.waited = now() - born_;
  out.strikes = choices_[index].strikes;
  self_->send(links_.scheduler, std::move(out), generation_actor{self_});
}

void generation_state::begin_echo() {
  if (!request_.params.echo)
    return;
  echo_.text = request_.form == prompt_form::text ? request_.prompt : text_.tokenizer->decode(prompt_, false);
  if (!request_.params.logprobs)
    return;
  echo_.tokens.push_back(logprob_entry(*text_.tokenizer, prompt_.front(), {}));
  echo_.tokens.back().scored = false;
}

void generation_state::ask_for_other_places() {
  for (std::uint32_t i = 1; i < choices_.size(); ++i)
    ask_for_place(i);
}

void generation_state::take_given_scores(choice& x, const prompt_scores& part) {
  if (part.first_position != prompt_.size() + x.tokens.size())
    return;
  for (std::size_t i = 0; i < part.scores.size() && x.tokens.size() < x.given.size(); ++i)
    x.tokens.push_back(logprob_entry(*text_.tokenizer, x.given[x.tokens.size()], part.scores[i]));
  if (x.tokens.size() == x.given.size())
    finish_given(x, part.key.choice);
}

void generation_state::take_embedding(const sequence_embedding& part) {
  auto* const found = part.epoch == 0 ? nullptr : current(part.key, part.epoch);
  if (found == nullptr || request_.kind != work_kind::embed)
    return;
  found->embedding = part.values;
  finish_given(*found, part.key.choice);
}

void generation_state::finish_given(choice& done, std::uint32_t index) {
  done.finish = finish_reason::stop;
  for (auto& x : sinks_) {
    if (!x.first_token)
      x.first_token = now();
    self_->send(x.edge, answer_text{x.id, index, {}, done.tokens, done.finish, 0, done.embedding});
  }
  if (index == 0)
    ask_for_other_places();
  finish_run_with_last_choice();
}

text_delta generation_state::accept(choice& x, const sequence_tokens& step) {
  text_delta out;
  for (std::size_t i = 0; i < step.tokens.size() && !x.decoder.stopped(); ++i) {
    x.accepted.push_back(step.tokens[i]);
    // A stop ends with the token that says so, which is no text.
    if (step.finish == finish_reason::stop && i + 1 == step.tokens.size())
      break;
    append(out, x.decoder.push(step.tokens[i], i < step.scores.size() ? step.scores[i] : token_score{}));
  }
  x.finish = step.finish;
  if (x.finish != finish_reason::none && !x.decoder.stopped())
    append(out, x.decoder.finish());
  if (x.decoder.stopped()) {
    x.finish = finish_reason::stop;
    // The worker knows nothing of stop strings.
    if (step.finish == finish_reason::none)
      self_->send(links_.scheduler, cancel_atom_v, step.key);
  }
  return out;
}

} // namespace troupe
