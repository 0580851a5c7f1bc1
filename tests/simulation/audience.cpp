#include "tests/simulation/audience.hpp"

#include <algorithm>

#include <spdlog/fmt/fmt.h>

#include "actors/protocol/names.hpp"

namespace troupe::simulation {

void audience::submit(sink_id sink, const native_request& request, std::uint32_t reads) {
  listener x;
  x.request = request;
  x.expected = answer_of(story_, request);
  x.reads = reads;
  x.submitted = log_.clock();
  x.read_at = x.submitted;
  sinks_.emplace(sink, std::move(x));
}

bool audience::leaves(sink_id sink) {
  const auto found = sinks_.find(sink);
  if (found == sinks_.end() || !found->second.listens())
    return false;
  found->second.gone = true;
  return true;
}

void audience::admits(const std::vector<sink_id>& live, bool full) {
  for (const auto sink : live) {
    auto& x = sinks_.at(sink);
    if (x.admitted)
      continue;
    x.admitted = log_.clock();
    x.may_not_start = full;
  }
}

void audience::sees_full() {
  for (auto& [id, x] : sinks_)
    x.saw_full = x.saw_full || (!x.started && !x.ended());
}

std::size_t audience::listening() const {
  return static_cast<std::size_t>(
    std::count_if(sinks_.begin(), sinks_.end(), [](const auto& x) { return x.second.listens(); }));
}

listener* audience::find(sink_id sink, const char* event) {
  const auto found = sinks_.find(sink);
  if (found == sinks_.end()) {
    log_.breaks("no stranger is told anything", fmt::format("{} for sink {}", event, sink));
    return nullptr;
  }
  if (found->second.ended())
    log_.breaks("one terminal event ends each sink", fmt::format("sink {} hears {} after its end", sink, event));
  return &found->second;
}

void audience::hear(const answer_started& x) {
  auto* const to = find(x.sink, "answer_started");
  if (to == nullptr)
    return;
  log_.note(fmt::format("sink {} starts: run {}, {}", x.sink, x.run, name(x.cache)));
  if (to->started)
    log_.breaks("a sink starts once", fmt::format("sink {} starts a second time", x.sink));
  to->started = x;
}

bool audience::hear(const answer_text& x) {
  auto* const to = find(x.sink, "answer_text");
  if (to == nullptr)
    return false;
  if (!to->started)
    log_.breaks("a sink starts before its text", fmt::format("sink {}", x.sink));
  if (to->finishes.contains(x.choice))
    log_.breaks("a choice ends once", fmt::format("sink {} choice {} goes on after its end", x.sink, x.choice));
  if (!to->first_text)
    to->first_text = log_.clock();
  to->texts[x.choice] += x.text;
  for (const auto& token : x.tokens) {
    to->tokens[x.choice].push_back(token.token);
    to->logprobs[x.choice].push_back(token.logprob_bits);
  }
  to->embedding.insert(to->embedding.end(), x.embedding.begin(), x.embedding.end());
  if (x.finish != finish_reason::none)
    to->finishes[x.choice] = x.finish;
  check_text(*to, x);
  if (to->gone || !overflows(*to, x.text.size()))
    return false;
  to->gone = true;
  log_.note(fmt::format("sink {} reads too slowly", x.sink));
  return true;
}

void audience::hear(const answer_finished& x) {
  auto* const to = find(x.sink, "answer_finished");
  if (to == nullptr)
    return;
  to->finished = x;
  end(x.sink, *to, fmt::format("finishes: {} tokens", x.usage.completion_tokens));
  check_answer(*to);
}

void audience::hear(const answer_failed& x) {
  auto* const to = find(x.sink, "answer_failed");
  if (to == nullptr)
    return;
  to->failed = x;
  end(x.sink, *to, fmt::format("fails: {}: {}", name(x.reason.code), x.reason.message));
}

void audience::end(sink_id sink, listener& x, const std::string& how) {
  x.ended_at = log_.clock();
  log_.note(fmt::format("sink {} {}{}", sink, how, x.gone ? " (nobody listens)" : ""));
}

bool audience::overflows(listener& x, std::size_t bytes) {
  if (x.reads == 0)
    return false;
  const double since = std::chrono::duration<double>(log_.clock() - x.read_at).count();
  x.read_at = log_.clock();
  x.buffered = std::max(0.0, x.buffered - since * x.reads) + static_cast<double>(bytes);
  return x.buffered > static_cast<double>(story_.edge_buffer);
}

// What has come must be how the undisturbed answer begins, at every moment.
void audience::check_text(const listener& x, const answer_text& more) {
  if (x.expected.failure || more.choice >= x.expected.choices.size()) {
    log_.breaks("only what can be answered is answered", fmt::format("sink {} choice {}", more.sink, more.choice));
    return;
  }
  const auto& whole = x.expected.choices[more.choice];
  const auto& heard = x.texts.at(more.choice);
  if (!whole.text.starts_with(heard))
    log_.breaks("a text is that of the undisturbed run",
      fmt::format("sink {} choice {} heard {} bytes that are not its answer's", more.sink, more.choice, heard.size()));
  if (more.finish == finish_reason::none)
    return;
  if (heard != whole.text)
    log_.breaks("a text is that of the undisturbed run",
      fmt::format(
        "sink {} choice {} ends after {} of {} bytes", more.sink, more.choice, heard.size(), whole.text.size()));
  if (more.finish != whole.finish)
    log_.breaks("a choice ends for the reason of the undisturbed run",
      fmt::format("sink {} choice {} ends by {}", more.sink, more.choice, name(more.finish)));
}

void audience::check_answer(const listener& x) {
  const auto& usage = x.finished->usage;
  std::size_t completion = 0;
  for (const auto& one : x.expected.choices)
    completion += one.tokens.size();
  if (x.finishes.size() != x.expected.choices.size())
    log_.breaks("an answer has all its choices", fmt::format("sink {} has {}", x.finished->sink, x.finishes.size()));
  // A stop string cuts tokens that the undisturbed run's list still has.
  if (usage.prompt_tokens != x.expected.prompt_tokens ||
    (x.request.params.stop.empty() && usage.completion_tokens != completion))
    log_.breaks("usage is that of the undisturbed run",
      fmt::format("sink {}: {} and {} tokens, not {} and {}", x.finished->sink, usage.prompt_tokens,
        usage.completion_tokens, x.expected.prompt_tokens, completion));
  if (x.finished->truncated_messages != x.expected.truncated_messages)
    log_.breaks("the count of cut messages is right", fmt::format("sink {}", x.finished->sink));
  if (x.request.kind != work_kind::generate)
    return check_given(x);
  if (!x.request.params.logprobs || !x.request.params.stop.empty())
    return;
  for (std::uint32_t i = 0; i < x.expected.choices.size(); ++i) {
    auto tokens = x.expected.choices[i].tokens;
    if (x.expected.choices[i].finish == finish_reason::stop)
      tokens.pop_back();
    const auto heard = x.tokens.find(i);
    if (tokens != (heard == x.tokens.end() ? std::vector<token_id>{} : heard->second))
      log_.breaks("logprobs come for every token once", fmt::format("sink {} choice {}", x.finished->sink, i));
  }
}

void audience::check_given(const listener& x) {
  for (std::uint32_t i = 0; i < x.expected.choices.size(); ++i) {
    const auto& one = x.expected.choices[i];
    const auto tokens = x.tokens.find(i);
    if (!one.given.empty() &&
      (tokens == x.tokens.end() || tokens->second != one.given || x.logprobs.at(i) != one.logprobs))
      log_.breaks("scores are those of the undisturbed run", fmt::format("sink {} choice {}", x.finished->sink, i));
    if (x.embedding != one.embedding)
      log_.breaks("an embedding is that of the undisturbed run", fmt::format("sink {}", x.finished->sink));
  }
}

edge_actor::behavior_type edge_of(edge_actor::pointer self, audience* sinks, gateway_actor gateway) {
  return {
    [](const answer_admitted&) {},
    [sinks](const answer_started& x) { sinks->hear(x); },
    [sinks, self, gateway](const answer_text& x) {
      if (sinks->hear(x))
        self->send(gateway, detach_atom_v, x.sink, detach_reason::slow_reader);
    },
    [sinks](const answer_finished& x) { sinks->hear(x); },
    [sinks](const answer_failed& x) { sinks->hear(x); },
  };
}

} // namespace troupe::simulation
