// Scenarios for people to read.
#include <array>
#include <string_view>

#include <spdlog/fmt/fmt.h>

#include "tests/simulation/scenario.hpp"

namespace troupe::simulation {

namespace {

constexpr std::array<std::string_view, 4> order_names{"turns", "random", "newest", "laggard"};
constexpr std::array<std::string_view, 5> kind_names{"tiny", "tiny_small_steps", "mini", "tiny_broken", "tiny_flaky"};
constexpr std::array<std::string_view, 11> event_names{"submit", "hang_up", "break_steps", "drill_throw", "drill_die",
  "drill_hang", "hang", "reload", "clear_cache", "drain", "stop"};

template <std::size_t Count, class Enum>
std::string_view name(const std::array<std::string_view, Count>& names, Enum x) {
  return names.at(static_cast<std::size_t>(x));
}

std::string list(const std::vector<worker_kind>& workers) {
  std::string out;
  for (const auto kind : workers)
    out += fmt::format("{}{}", out.empty() ? "" : " ", name(kind_names, kind));
  return out;
}

std::string shown(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte >= ' ' && byte < 0x7f ? std::string(1, c) : fmt::format("\\x{:02x}", byte);
  }
  return out;
}

} // namespace

std::string model_of(worker_kind kind) {
  return kind == worker_kind::mini ? "mini" : "tiny";
}

std::string describe(const native_request& x) {
  std::string prompt = '"' + shown(x.prompt) + '"';
  if (x.form == prompt_form::tokens)
    prompt = fmt::format("{} tokens", x.prompt_tokens.size());
  for (const auto& message : x.messages)
    prompt += fmt::format(" {}:{}", message.role, shown(message.content));
  std::string stops;
  for (const auto& stop : x.params.stop)
    stops += " stop=\"" + shown(stop) + '"';
  if (x.kind == work_kind::embed)
    prompt += x.pool == engine::pooling::mean ? " embed=mean" : " embed=last";
  for (const auto& one : x.continuations)
    prompt += " score=\"" + shown(one.text) + '"';
  return fmt::format("{} {} max={} seed={} n={} priority={} tenant={}{}{}{}{}{}", x.model, prompt, x.params.max_tokens,
    x.params.has_seed ? std::to_string(x.params.seed) : "drawn", x.params.choices, x.priority, x.tenant, stops,
    x.timeout.count() > 0 ? fmt::format(" timeout={}ms", x.timeout / 1ms) : "",
    x.cache == cache_policy::bypass ? " bypass" : "", x.params.logprobs ? " logprobs" : "",
    x.params.ignore_eos ? " ignore_eos" : "");
}

std::string describe(const event& x) {
  std::string out = fmt::format("at {:>5} ms +{:<2} {}", x.at.count(), x.lag, name(event_names, x.what));
  switch (x.what) {
  case event_kind::submit:
    out += fmt::format(" sink {} {}", x.sink, describe(x.request));
    if (x.reads > 0)
      out += fmt::format(" reads={} B/s", x.reads);
    break;
  case event_kind::hang_up:
    out += fmt::format(" sink {}", x.sink);
    break;
  case event_kind::break_steps:
    out += fmt::format(" {} times", x.count);
    break;
  case event_kind::drill_throw:
  case event_kind::drill_die:
    out += fmt::format(" worker {}", x.worker);
    break;
  case event_kind::drill_hang:
  case event_kind::hang:
    out += fmt::format(" worker {} for {} ms", x.worker, x.span.count());
    break;
  case event_kind::reload:
    out += fmt::format(" to [{}]", list(x.workers));
    break;
  case event_kind::drain:
    out += fmt::format(" within {} ms", x.span.count());
    break;
  case event_kind::clear_cache:
  case event_kind::stop:
    break;
  }
  return out;
}

std::string describe(const scenario& story) {
  std::string out = fmt::format(
    "company: workers [{}], slots {}, blocks {} of {}, step_tokens {}, context {}, eos_after {}, prefix_cache {}\n"
    "         max_waiting {}, max_live {}, cache_entries {}, aging {} ms, edge_buffer {}, order {}, step_cost {} ms\n",
    list(story.workers), story.slots, story.blocks, story.block_size, story.step_tokens, story.context, story.eos_after,
    story.prefix_cache, story.gateway.max_waiting, story.gateway.max_live, story.cache_entries, story.aging / 1ms,
    story.edge_buffer, name(order_names, story.order), story.step_cost.count());
  for (const auto& model : story.memory.models)
    out += fmt::format("         model {}: {}{}, idle {} ms, budget {}\n", model.model,
      model.on_demand ? "on demand" : "at the start", model.pinned ? ", pinned" : "", model.idle / 1ms,
      story.memory.budget);
  for (const auto& x : story.events)
    out += describe(x) + "\n";
  return out;
}

} // namespace troupe::simulation
