#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "actors/generation.hpp"
#include "actors/prompt.hpp"

namespace troupe {

void generation_state::start(
  run_id run, native_request request, generation_links links, model_text text, generation_options options) {
  run_ = run;
  request_ = std::move(request);
  links_ = std::move(links);
  text_ = std::move(text);
  options_ = options;
  born_ = now();
}

// -- what messages do -----------------------------------------------------------------------------------------------

void generation_state::attach(const edge_actor& edge, sink_id id, const native_request& request, cache_state cache) {
  sinks_.push_back({id, edge, request.request_id, request.endpoint, request.trimmed_messages, cache, now(), {}, {}});
  auto& added = sinks_.back();
  switch (phase_) {
  case phase::idle:
    encode();
    break;
  case phase::encoding:
    break;
  case phase::running:
    welcome(added);
    break;
  case phase::finished:
    welcome(added);
    finish(added);
    sinks_.pop_back();
    break;
  case phase::failed:
    fail(added, failure_);
    sinks_.pop_back();
    break;
  }
}

void generation_state::detach(sink_id id, detach_reason reason) {
  const auto found = std::find_if(sinks_.begin(), sinks_.end(), [id](const sink& x) { return x.id == id; });
  if (found == sinks_.end())
    return;
  const sink gone = std::move(*found);
  sinks_.erase(found);
  switch (reason) {
  case detach_reason::client_gone:
  case detach_reason::slow_reader:
    drop(gone, reason);
    break;
  case detach_reason::deadline:
    fail(gone, {failure_code::deadline_exceeded, "the request did not end within its time limit", {}, timespan{0}});
    break;
  case detach_reason::shutdown:
    fail(gone, {failure_code::draining, "the server is shutting down", {}, timespan{0}});
    break;
  }
  if (sinks_.empty())
    end_run({failure_code::internal_error, "the run was cancelled", {}, timespan{0}});
}

void generation_state::release() {
  released_ = true;
  if (phase_ == phase::finished || phase_ == phase::failed)
    self_->quit();
}

void generation_state::take_prompt(const encoded_prompt& prompt) {
  if (phase_ != phase::encoding)
    return;
  if (!prompt.ok) {
    fail_run(prompt.reason);
    return;
  }
  if (prompt.tokens.empty() || prompt.tokens.size() >= text_.context)
    throw std::logic_error("a prompt of " + std::to_string(prompt.tokens.size()) + " tokens passed for one that fits " +
      std::to_string(text_.context));
  prompt_ = prompt.tokens;
  truncated_messages_ = prompt.truncated_messages;
  begin_echo();
  // The tokens say it all from here on; a long text need not stay for as long as the run.
  request_.messages = {};
  request_.prompt = {};
  request_.prompt_tokens = {};
  request_.continuations = {};
  const auto room = text_.context - static_cast<std::uint32_t>(prompt_.size());
  const auto wanted = request_.params.max_tokens;
  max_tokens_ = wanted == 0 ? room : std::min(wanted, room);
  const auto count = std::max<std::uint32_t>(request_.params.choices, 1);
  const auto specials = request_.params.keep_special ? text::specials::keep : text::specials::skip;
  choices_.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i)
    choices_.push_back(
      {{}, 0, 0, choice_text{text_.tokenizer, request_.params.stop, request_.params.logprobs, specials}, {}, {},
        finish_reason::none});
  for (std::uint32_t i = 0; i < prompt.continuations.size(); ++i)
    choices_.at(i).given = prompt.continuations[i];
  phase_ = phase::running;
  for (auto& x : sinks_)
    welcome(x);
  self_->send(links_.fan_out, register_atom_v, run_, generation_actor{self_});
  ask_for_place(0);
}

void generation_state::take_place(const placement& place) {
  if (phase_ != phase::running || place.key.run != run_ || place.key.choice >= choices_.size())
    return;
  choices_[place.key.choice].epoch = place.epoch;
  placed_ = true;
  for (auto& x : sinks_)
    mark_placed(x);
}

void generation_state::take_scores(const prompt_scores& part) {
  auto* const found = part.epoch == 0 ? nullptr : current(part.key, part.epoch);
  if (found == nullptr)
    return;
  if (request_.kind == work_kind::score)
    return take_given_scores(*found, part);
  if (part.first_position != echo_.tokens.size())
    return;
  for (std::size_t i = 0; i < part.scores.size() && echo_.tokens.size() < prompt_.size(); ++i)
    echo_.tokens.push_back(logprob_entry(*text_.tokenizer, prompt_[echo_.tokens.size()], part.scores[i]));
}

void generation_state::take_tokens(const sequence_tokens& step) {
  auto* const found = step.epoch == 0 ? nullptr : current(step.key, step.epoch);
  if (found == nullptr || step.first_position != prompt_.size() + found->accepted.size())
    return;
  const bool first = found->accepted.empty();
  auto delta = first ? echo_ : text_delta{};
  append(delta, accept(*found, step));
  found->text += delta.text;
  found->tokens.insert(found->tokens.end(), delta.tokens.begin(), delta.tokens.end());
  const auto generated = static_cast<std::uint32_t>(found->accepted.size());
  const bool says_something = !delta.text.empty() || !delta.tokens.empty() || found->finish != finish_reason::none;
  for (auto& x : sinks_) {
    if (!x.first_token)
      x.first_token = now();
    if (says_something)
      self_->send(x.edge, answer_text{x.id, step.key.choice, delta.text, delta.tokens, found->finish, generated});
  }
  if (first && step.key.choice == 0)
    ask_for_other_places();
  finish_run_with_last_choice();
}

void generation_state::take_failure(const sequence_failed& failed) {
  if (current(failed.key, failed.epoch) != nullptr)
    fail_run(failed.reason);
}

void generation_state::take_loss(const sequence_lost& lost) {
  auto* const found = lost.epoch == 0 ? nullptr : current(lost.key, lost.epoch);
  if (found == nullptr)
    return;
  found->epoch = 0;
  found->strikes = lost.strikes;
  // A prompt that was scored in part is scored anew, by the choice that scores it.
  if (lost.key.choice == 0 && found->accepted.empty() && !echo_.tokens.empty())
    echo_.tokens.resize(1);
  if (request_.kind == work_kind::score)
    found->tokens.clear();
  ask_for_place(lost.key.choice);
}

void generation_state::fail_run(const failure& reason) {
  if (phase_ == phase::finished || phase_ == phase::failed)
    return;
  for (const auto& x : std::exchange(sinks_, {}))
    fail(x, reason);
  end_run(reason);
}

// -- the run --------------------------------------------------------------------------------------------------------

void generation_state::encode() {
  phase_ = phase::encoding;
  // A grammar is compiled with the prompt, which no token may wait for either.
  if (prompt_bytes(request_) >= options_.encode_inline_bytes || request_.params.grammar != text::grammar_kind::none)
    self_->send(links_.encoder, encode_request{run_, request_}, generation_actor{self_});
  else
    take_prompt(encode_prompt(run_, request_, text_));
}

generation_state::choice* generation_state::current(const sequence_key& key, epoch_id epoch) {
  if (phase_ != phase::running || key.run != run_ || key.choice >= choices_.size())
    return nullptr;
  auto& found = choices_[key.choice];
  return found.epoch == epoch && found.finish == finish_reason::none ? &found : nullptr;
}

void generation_state::finish_run_with_last_choice() {
  if (std::all_of(choices_.begin(), choices_.end(), [](const choice& x) { return x.finish != finish_reason::none; }))
    finish_run();
}

void generation_state::finish_run() {
  finished_answer answer;
  for (const auto& x : choices_)
    answer.choices.push_back({x.text, x.tokens, x.finish, static_cast<std::uint32_t>(x.accepted.size()), x.embedding});
  answer.usage = usage();
  answer.truncated_messages = truncated_messages_;
  phase_ = phase::finished;
  for (const auto& x : std::exchange(sinks_, {}))
    finish(x);
  self_->send(links_.fan_out, unregister_atom_v, run_);
  self_->send(links_.cache, finished_atom_v, run_, std::move(answer));
}

void generation_state::end_run(const failure& reason) {
  if (phase_ == phase::finished || phase_ == phase::failed)
    return;
  if (phase_ == phase::running)
    leave_workers();
  phase_ = phase::failed;
  failure_ = reason;
  self_->send(links_.cache, ended_atom_v, run_);
}

void generation_state::leave_workers() {
  self_->send(links_.fan_out, unregister_atom_v, run_);
  for (std::uint32_t i = 0; i < choices_.size(); ++i) {
    if (choices_[i].finish == finish_reason::none)
      self_->send(links_.scheduler, cancel_atom_v, sequence_key{run_, i});
  }
}

token_usage generation_state::usage() const {
  std::size_t prompt = prompt_.size();
  std::size_t completion = 0;
  for (const auto& x : choices_) {
    prompt += x.given.size();
    completion += x.accepted.size();
  }
  return {static_cast<std::uint32_t>(prompt), static_cast<std::uint32_t>(completion)};
}

time_point generation_state::now() const {
  return self_->clock().now();
}

} // namespace troupe
