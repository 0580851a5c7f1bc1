// Scenarios from seeds. Small companies, short answers: what goes wrong with many goes wrong with few, and a thousand
// small stories say more than one long one.
#include <algorithm>
#include <random>
#include <utility>

#include "tests/simulation/scenario.hpp"
#include "tests/support/tiny_text.hpp"

namespace troupe::simulation {

namespace {

/// The seed's dice. No distributions of the standard library, which differ from one library to the next.
class dice {
public:
  explicit dice(std::uint64_t seed) : engine_{seed} {}

  std::uint64_t below(std::uint64_t n) { return engine_() % n; }
  std::uint32_t between(std::uint32_t low, std::uint32_t high) {
    return low + static_cast<std::uint32_t>(below(high - low + 1));
  }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  std::chrono::milliseconds time(std::uint32_t low, std::uint32_t high) {
    return std::chrono::milliseconds{between(low, high)};
  }

private:
  std::mt19937_64 engine_;
};

std::vector<worker_kind> draw_workers(dice& roll) {
  std::vector<worker_kind> out;
  for (auto count = roll.between(1, 3); count > 0; --count)
    out.push_back(static_cast<worker_kind>(roll.one_in(4) ? roll.below(5) : roll.below(3)));
  return out;
}

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

/// An equal one, or one that differs in a single thing: what a cache might take for equal.
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

void draw_submits(dice& roll, scenario& story, std::uint32_t span) {
  std::vector<native_request> asked;
  const auto count = roll.between(2, roll.one_in(4) ? 25 : 12);
  for (std::uint64_t sink = 1; sink <= count; ++sink) {
    event x;
    x.at = roll.time(0, span);
    x.lag = roll.between(0, 12);
    x.sink = sink;
    x.request =
      !asked.empty() && roll.one_in(3) ? draw_twin(roll, asked[roll.below(asked.size())]) : draw_request(roll, story);
    asked.push_back(x.request);
    x.reads = roll.one_in(6) ? roll.between(1, 400) : 0;
    story.events.push_back(x);
    if (!roll.one_in(4))
      continue;
    event leaves;
    leaves.what = event_kind::hang_up;
    leaves.at = x.at + (roll.one_in(3) ? 0ms : roll.time(0, 300));
    leaves.lag = roll.between(0, 40);
    leaves.sink = sink;
    story.events.push_back(leaves);
  }
}

void draw_trouble(dice& roll, scenario& story, std::uint32_t span) {
  constexpr event_kind kinds[] = {event_kind::break_steps, event_kind::drill_throw, event_kind::drill_die,
    event_kind::drill_hang, event_kind::hang, event_kind::reload, event_kind::clear_cache};
  for (auto count = roll.one_in(3) ? 0 : roll.between(1, 4); count > 0; --count) {
    event x;
    x.what = kinds[roll.below(std::size(kinds))];
    x.at = roll.time(0, span + 200);
    x.lag = roll.between(0, 30);
    x.worker = static_cast<std::uint32_t>(roll.below(3));
    x.count = roll.between(1, 8);
    x.span = roll.one_in(3) ? roll.time(50, 4000) : roll.time(5500, 15000);
    if (x.what == event_kind::reload)
      x.workers = draw_workers(roll);
    story.events.push_back(x);
  }
  if (roll.one_in(6)) {
    event x;
    x.what = roll.one_in(3) ? event_kind::stop : event_kind::drain;
    x.at = roll.time(0, span + 200);
    x.lag = roll.between(0, 30);
    x.span = roll.one_in(3) ? roll.time(0, 200) : roll.time(200, 8000);
    story.events.push_back(x);
  }
}

void draw_company(dice& roll, scenario& story) {
  story.order = static_cast<mailbox_order>(roll.one_in(2) ? 1 : roll.below(4));
  story.shuffle = 1 + roll.below(1U << 30);
  story.step_cost = roll.time(1, 20);
  story.workers = draw_workers(roll);
  story.slots = roll.between(1, 6);
  story.block_size = roll.between(2, 6);
  // At least one sequence of full length fits, often not much more.
  const auto least = (story.context + story.block_size - 1) / story.block_size;
  story.blocks = least + (roll.one_in(2) ? roll.between(0, 4) : roll.between(0, 60));
  story.step_tokens = std::max(story.slots, roll.between(4, 40));
  story.eos_after = roll.one_in(3) ? roll.between(1, 20) : 0;
  story.prefix_cache = !roll.one_in(5);
  story.encode_inline_bytes = roll.one_in(2) ? 16 : 1000;
  story.gateway.max_waiting = roll.one_in(3) ? roll.between(1, 4) : 32;
  story.gateway.max_live = roll.one_in(5) ? roll.between(2, 6) : 64;
  story.gateway.max_waiting_bytes = roll.one_in(6) ? 2000 : std::size_t{1} << 20;
  story.gateway.request_timeout = timespan{0};
  story.cache_entries = roll.one_in(3) ? roll.between(0, 2) : 8;
  story.aging = roll.one_in(2) ? 1s : 100ms;
  story.edge_buffer = roll.between(8, 120);
}

event ask_at(std::chrono::milliseconds at, std::uint64_t sink, std::int32_t priority) {
  event x;
  x.at = at;
  x.sink = sink;
  x.request.model = "tiny";
  x.request.form = prompt_form::text;
  x.request.prompt = "s" + std::to_string(sink);
  x.request.params.max_tokens = 2;
  x.request.params.has_seed = true;
  x.request.priority = priority;
  x.request.tenant = "a";
  return x;
}

/// More requests of high priority than can be served, and one of a low one among them.
///
/// By its aging the patient one goes before all that come `priority * aging` after it. Until then at most a full queue
/// has come before it, which takes a few steps each.
void draw_unfair_stream(dice& roll, scenario& story) {
  draw_company(roll, story);
  story.order = mailbox_order::random;
  story.workers = {worker_kind::tiny};
  story.slots = 1;
  story.step_cost = 10ms;
  story.step_tokens = 24;
  story.aging = 100ms;
  story.gateway = {};
  story.gateway.max_waiting = 8;
  const auto priority = static_cast<std::int32_t>(roll.between(1, 5));
  std::chrono::milliseconds at = 0ms;
  for (std::uint64_t sink = 1; sink <= 80; ++sink) {
    story.events.push_back(ask_at(at, sink, priority));
    at += roll.time(10, 22);
  }
  story.patient = 100;
  story.events.push_back(ask_at(roll.time(40, 150), story.patient, 0));
  story.fair_within = story.aging / 1ms * priority * 1ms + 500ms;
}

/// Workers that hang one after the other, so that what was taken from one is often still where it was when that one
/// comes back.
void draw_late_voices(dice& roll, scenario& story) {
  draw_company(roll, story);
  story.workers.assign(roll.between(1, 3), worker_kind::tiny);
  story.gateway = {};
  story.gateway.request_timeout = timespan{0};
  draw_submits(roll, story, roll.one_in(2) ? 0 : 9000);
  for (auto count = roll.between(3, 9); count > 0; --count) {
    event x;
    x.what = roll.one_in(12) ? event_kind::hang : event_kind::drill_hang;
    x.at = roll.one_in(2) ? roll.time(0, 100) : roll.time(4000, 13000);
    x.lag = roll.between(0, 30);
    x.worker = static_cast<std::uint32_t>(roll.below(3));
    x.span = roll.time(4500, 9000);
    story.events.push_back(x);
  }
}

/// Models that are loaded when they are asked for, leave when nobody asks, and make room for each other.
void draw_memory(dice& roll, scenario& story) {
  const auto workers_of = [&](const std::string& model) {
    return static_cast<std::uint64_t>(std::count_if(
      story.workers.begin(), story.workers.end(), [&](worker_kind kind) { return model_of(kind) == model; }));
  };
  std::uint64_t at_start = 0;
  std::uint64_t largest = 1;
  for (const auto* name : {"tiny", "mini"}) {
    residence model{name};
    model.on_demand = !roll.one_in(3);
    model.pinned = roll.one_in(5);
    model.idle = roll.one_in(2) ? timespan{0} : timespan{roll.time(20, 1500)};
    largest = std::max(largest, workers_of(name));
    at_start += model.on_demand ? 0 : workers_of(name);
    story.memory.models.push_back(model);
  }
  if (roll.one_in(3))
    return;
  story.memory.budget = roll.one_in(8) ? 1 : largest;
  // The config is refused where what is there from the start does not fit.
  if (at_start > story.memory.budget)
    for (auto& model : story.memory.models)
      model.on_demand = true;
}

/// Makes some requests ask for an embedding, or for scores, of what they were to go on with.
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

} // namespace

scenario draw_scenario(std::uint64_t seed) {
  dice roll{seed * 0x9E3779B97F4A7C15 + 1};
  scenario story;
  story.seed = seed;
  story.context = roll.between(48, 96);
  const auto family = roll.below(24);
  if (family == 0) {
    draw_unfair_stream(roll, story);
  } else if (family == 1) {
    draw_late_voices(roll, story);
  } else {
    draw_company(roll, story);
    const auto span = roll.one_in(3) ? 0 : roll.between(50, 1200);
    draw_submits(roll, story, span);
    draw_trouble(roll, story, span);
  }
  dice other{seed * 0xD1B54A32D192ED03 + 7};
  if (family > 0 && other.one_in(3))
    draw_memory(other, story);
  dice third{seed * 0xA0761D6478BD642F + 11};
  if (family > 0 && third.one_in(3))
    draw_given(third, story);
  std::stable_sort(
    story.events.begin(), story.events.end(), [](const event& a, const event& b) { return a.at < b.at; });
  return story;
}

} // namespace troupe::simulation
