#include "tests/simulation/draw_requests.hpp"

#include <string>
#include <utility>

#include "tests/support/tiny_text.hpp"

namespace troupe::simulation {

namespace {

/// From a few beginnings and a few ends, so that many are equal, nearly equal, or begin alike.
std::string draw_prompt(dice& roll, std::uint32_t context) {
  if (roll.one_in(40))
    return std::string(context + roll.below(8), 'x');
  std::string out(roll.one_in(3) ? 0 : roll.between(4, 40), static_cast<char>('a' + roll.below(2)));
  if (roll.one_in(2))
    out += std::string(roll.between(1, 24), static_cast<char>('p' + roll.below(3)));
  if (out.empty() && !roll.one_in(20))
    out = "q";
  if (roll.one_in(25))
    out += poison;
  return out;
}

void draw_params(dice& roll, generation_params& out) {
  out.max_tokens = roll.one_in(30) ? 0 : roll.between(1, roll.one_in(3) ? 40 : 12);
  out.has_seed = !roll.one_in(5);
  out.seed = out.has_seed ? roll.below(2) : 0;
  out.choices = roll.one_in(6) ? roll.between(2, 3) : 1;
  out.logprobs = roll.one_in(6);
  out.ignore_eos = roll.one_in(6);
  if (roll.one_in(4))
    out.stop.emplace_back(1, static_cast<char>('0' + roll.below(70)));
  if (roll.one_in(12))
    out.stop.emplace_back("ab");
}

} // namespace

native_request draw_request(dice& roll, const scenario& story) {
  native_request out;
  // A model that the config does not name is refused before it comes here.
  out.model = model_of(story.workers[roll.below(story.workers.size())]);
  out.form = prompt_form::text;
  out.prompt = draw_prompt(roll, story.context);
  if (roll.one_in(10)) {
    out.form = prompt_form::tokens;
    for (const char c : std::exchange(out.prompt, {}))
      out.prompt_tokens.push_back(static_cast<unsigned char>(c));
    if (roll.one_in(6))
      out.prompt_tokens.push_back(static_cast<token_id>(test::tiny_vocabulary));
  } else if (roll.one_in(8)) {
    out.form = prompt_form::messages;
    out.messages = {{"user", out.prompt.substr(0, 20)}, {"assistant", "yes"}, {"user", "go"}};
    out.prompt.clear();
    out.trim_to_tokens = roll.one_in(2) ? 40 : 0;
  }
  draw_params(roll, out.params);
  out.priority = static_cast<std::int32_t>(roll.below(4)) - 1;
  out.tenant = roll.one_in(3) ? "b" : "a";
  out.cache = roll.one_in(5) ? cache_policy::bypass : cache_policy::use;
  if (roll.one_in(6))
    out.timeout = roll.time(20, 3000);
  return out;
}

native_request draw_twin(dice& roll, native_request out) {
  out.timeout = timespan{0};
  switch (roll.below(8)) {
  case 0:
    out.params.max_tokens += 1;
    break;
  case 1:
    out.params.seed += out.params.has_seed ? 1 : 0;
    break;
  case 2:
    out.params.stop.emplace_back("5");
    break;
  case 3:
    if (!out.params.stop.empty())
      out.params.stop.front() = std::string(1, static_cast<char>('0' + roll.below(70)));
    break;
  case 4:
    out.params.choices = out.params.choices % 3 + 1;
    break;
  default:
    break;
  }
  return out;
}

void draw_given(dice& roll, scenario& story) {
  for (auto& x : story.events) {
    auto& asked = x.request;
    if (x.what != event_kind::submit || asked.form == prompt_form::messages || !roll.one_in(3))
      continue;
    asked.params = {};
    if (roll.one_in(2)) {
      asked.kind = work_kind::embed;
      asked.pool = roll.one_in(2) ? engine::pooling::mean : engine::pooling::last;
      continue;
    }
    asked.kind = work_kind::score;
    for (auto count = roll.between(1, 3); count > 0; --count)
      asked.continuations.push_back({std::string(roll.between(1, 12), static_cast<char>('A' + roll.below(3))), {}});
    asked.params.choices = static_cast<std::uint32_t>(asked.continuations.size());
    asked.params.logprobs = true;
    asked.params.top_logprobs = static_cast<std::uint32_t>(roll.below(2));
  }
}

} // namespace troupe::simulation
