// Scenarios from seeds. Small companies, short answers: what goes wrong with many goes wrong with few, and a thousand
// small stories say more than one long one.
#include <algorithm>
#include <utility>

#include "tests/simulation/draw_requests.hpp"
#include "tests/simulation/scenario.hpp"

namespace troupe::simulation {

namespace {

std::vector<worker_kind> draw_workers(dice& roll) {
  std::vector<worker_kind> out;
  for (auto count = roll.between(1, 3); count > 0; --count)
    out.push_back(static_cast<worker_kind>(roll.one_in(4) ? roll.below(5) : roll.below(3)));
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
