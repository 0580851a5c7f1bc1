#pragma once

#include <bit>
#include <string_view>

#include <catch2/catch.hpp>

#include "actors/generation.hpp"
#include "tests/support/probes.hpp"
#include "tests/support/tiny_text.hpp"

namespace troupe::test {

using namespace std::chrono_literals;

inline constexpr std::uint32_t context = 100;

/// An encoder that never answers.
inline encoder_actor::behavior_type silent_encoder() {
  return {[](const encode_request&, const generation_actor&) {},
    [](tokenize_atom, const native_request&) { return encoded_prompt{}; },
    [](detokenize_atom, const token_list&) { return std::string{}; }};
}

/// A generation among probes; the test plays the scheduler and the worker.
struct generation_fixture : deterministic_system {
  probes peers{*this, tiny_texts(context)};
  std::shared_ptr<edge_log> heard = std::make_shared<edge_log>();
  edge_actor edge = spawn_edge(heard);
  native_request request;
  generation_actor run_;
  std::uint32_t position = 0;

  generation_fixture() {
    request.form = prompt_form::text;
    request.prompt = "prompt";
    request.request_id = "id";
    request.params.max_tokens = 20;
  }

  ~generation_fixture() { CHECK(heard->breaches.empty()); }

  probe_log& log() { return *peers.log; }
  sink_log& sink(sink_id id) { return heard->sinks[id]; }

  void start(generation_options options = {}) {
    run_ = spawn(generation, run_id{7}, request, peers.links(), tiny_text(context), options);
    attach(1, cache_state::miss);
    position = static_cast<std::uint32_t>(request.prompt.size());
  }
  void attach(sink_id id, cache_state state) { tell(run_, attach_atom_v, edge, id, request, state); }
  void place(epoch_id epoch, std::uint32_t choice = 0) { tell(run_, placement{{7, choice}, epoch, 0}); }

  /// The worker's next tokens.
  void say(std::string_view text, epoch_id epoch = 1, finish_reason finish = finish_reason::none) {
    sequence_tokens step{{7, 0}, epoch, position, tiny_tokens(text), {}, finish};
    if (finish == finish_reason::stop)
      step.tokens.push_back(tiny_im_end);
    for (std::size_t i = 0; i < step.tokens.size(); ++i)
      step.scores.push_back({std::bit_cast<std::uint32_t>(-0.5F), {}, {}});
    position += static_cast<std::uint32_t>(step.tokens.size());
    tell(run_, step);
  }
};

} // namespace troupe::test
