// The whole company in one thread: real actors, a fake engine, a fake clock.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/company.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/support/fake_engine.hpp"
#include "tests/support/tiny_text.hpp"

namespace troupe::test {

using namespace std::chrono_literals;

/// A prompt with this byte makes the step of its sequence throw.
constexpr char poison = '\x01';

inline fake_engine_options engine_of_the_company() {
  fake_engine_options out;
  out.vocabulary = tiny_vocabulary;
  out.eos = tiny_im_end;
  out.poison = poison;
  return out;
}

/// Breaks one worker's device: of all engines' steps the first after `after` that has several rows throws, and so do
/// its rows when they are run one by one.
struct broken_device {
  bool armed = false;
  int after = 0;
  std::size_t left = 0;

  void step(const engine::batch& batch) {
    if (armed && --after < 0 && batch.rows.size() > 1) {
      armed = false;
      left = 1 + batch.rows.size();
    }
    if (left > 0) {
      --left;
      throw std::runtime_error("the device is gone");
    }
  }
};

struct company_fixture : deterministic_system {
  fake_engine_options engine = engine_of_the_company();
  std::shared_ptr<edge_log> heard = std::make_shared<edge_log>();
  edge_actor edge = spawn_edge(heard);
  std::vector<std::string> deaths;
  std::shared_ptr<broken_device> broken = std::make_shared<broken_device>();
  company actors;

  /// `change` has the last word on what the company is made from.
  explicit company_fixture(
    std::uint64_t seed = 0, gateway_options gateway = {}, const std::function<void(company_options&)>& change = {})
      : deterministic_system{seed} {
    engine.before_step = [x = broken](std::size_t, const engine::batch& batch) { x->step(batch); };
    company_options options;
    options.gateway = gateway;
    options.generation.encode_inline_bytes = 64;
    worker_options worker;
    worker.model = "tiny";
    worker.step_tokens = 24;
    worker.eos = {tiny_im_end};
    options.workers = {worker, worker};
    if (change)
      change(options);
    world outside;
    outside.random = [n = std::uint64_t{0}]() mutable { return ++n; };
    outside.load_engine = fake_loader(engine);
    outside.detached = false;
    outside.on_core_death = [this](std::string_view actor, const caf::error&) { deaths.emplace_back(actor); };
    actors = start_company(sys, options, outside, tiny_texts(256));
    track(actors.supervisor);
    track(actors.cache);
    track(actors.gateway);
    track(actors.encoder);
    track(actors.tokens_desk);
    track(actors.scheduler);
    track(actors.fan_out);
    track(actors.metrics);
    run();
  }

  static native_request ask_for(const std::string& prompt, std::uint32_t max_tokens = 12) {
    native_request out;
    out.model = "tiny";
    out.form = prompt_form::text;
    out.prompt = prompt;
    out.params.max_tokens = max_tokens;
    out.params.has_seed = true;
    out.params.seed = 5;
    return out;
  }

  void submit(sink_id sink, const native_request& request) {
    self->send(actors.gateway, submit_atom_v, request, edge, sink);
  }
  void detach(sink_id sink) { self->send(actors.gateway, detach_atom_v, sink, detach_reason::client_gone); }
  sink_log& sink(sink_id id) { return heard->sinks[id]; }
  metrics_snapshot numbers() { return ask<metrics_snapshot>(actors.metrics, snapshot_atom_v); }

  /// The text that the request has when it runs alone.
  std::string lone_answer(const native_request& request) const {
    const auto& params = request.params;
    engine::sampling_params sampling;
    sampling.temperature = params.temperature;
    sampling.seed = params.seed;
    const auto tokens = expected_answer(engine, tiny_tokens(request.prompt), params.max_tokens, sampling);
    auto text = tiny_text(256).tokenizer->decode(tokens, true);
    for (const auto& stop : params.stop)
      text = text.substr(0, text.find(stop));
    return text;
  }

  /// Nothing is left anywhere, and what went in is what came out.
  void check_rest(std::uint64_t submitted) {
    run();
    CHECK(heard->breaches.empty());
    const auto x = numbers();
    CHECK(x.total_requests == submitted);
    CHECK(x.total_requests == x.successful_requests + x.failed_requests + x.cancelled_requests);
    CHECK(x.requests_running == 0);
    CHECK(x.requests_waiting == 0);
    CHECK(ask<std::uint64_t>(actors.gateway, drain_atom_v, timespan{1s}) == 0);
    CHECK(deaths.empty());
  }
};

} // namespace troupe::test
