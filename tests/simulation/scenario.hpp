// What happens to a company in one simulation: plain data, drawn from a seed, that can be printed and made smaller.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "actors/options.hpp"
#include "actors/protocol/request.hpp"

namespace troupe::simulation {

using namespace std::chrono_literals;

/// A prompt with this byte makes the step of its sequence throw.
inline constexpr char poison = '\x01';

/// Which of the actors that have a message is the next to work on one.
enum class mailbox_order : std::uint8_t {
  /// The one that has waited longest, for a few messages.
  turns,
  random,
  /// Mostly the one that was told something last.
  newest,
  /// At random, but one of them hardly ever.
  laggard,
};

/// One kind of model and worker that a config can name. The order is that of `model_of` and `loads`.
enum class worker_kind : std::uint8_t {
  tiny,
  /// The same model with other options: a reload takes it for another worker.
  tiny_small_steps,
  /// Another model, with other answers.
  mini,
  /// A worker of the first model whose file is broken: it never loads.
  tiny_broken,
  /// A worker of the first model that fails to load a few times.
  tiny_flaky,
};

enum class event_kind : std::uint8_t {
  submit,
  hang_up,
  /// The next steps of one worker throw, as many as `count`.
  break_steps,
  /// Drills: the next step throws, the worker dies, the worker hangs for `span`.
  drill_throw,
  drill_die,
  drill_hang,
  /// The worker hangs for `span`, by itself.
  hang,
  /// The config names `workers` from now on and is read again.
  reload,
  clear_cache,
  /// No new requests; the ones that are there have `span` to end.
  drain,
  /// Everything ends at once. Nothing comes after it.
  stop,
};

struct event {
  /// On the fake clock.
  std::chrono::milliseconds at{0};
  /// How many messages more are worked on when it is due.
  std::uint32_t lag = 0;
  event_kind what = event_kind::submit;
  /// submit and hang_up: whose.
  std::uint64_t sink = 0;
  native_request request;
  /// submit: how fast the client reads, in bytes a second; 0 for as fast as it comes.
  std::uint32_t reads = 0;
  /// Which worker, counted round among those that are there.
  std::uint32_t worker = 0;
  std::uint32_t count = 0;
  std::chrono::milliseconds span{0};
  std::vector<worker_kind> workers;
};

/// The company and all that happens to it.
struct scenario {
  std::uint64_t seed = 0;
  mailbox_order order = mailbox_order::random;
  std::uint64_t shuffle = 1;
  /// What one step costs on the fake clock.
  std::chrono::milliseconds step_cost{5};
  std::vector<worker_kind> workers;
  std::uint32_t slots = 4;
  std::uint32_t blocks = 48;
  std::uint32_t block_size = 4;
  std::uint32_t step_tokens = 24;
  std::uint32_t context = 96;
  /// The draw that ends a sequence; 0 for none.
  std::uint32_t eos_after = 0;
  bool prefix_cache = true;
  std::size_t encode_inline_bytes = 64;
  gateway_options gateway;
  std::size_t cache_entries = 8;
  timespan aging{1s};
  /// How long the models stay. A worker's memory is 1.
  memory_options memory;
  /// Bytes that may wait for a client that does not read.
  std::size_t edge_buffer = 64;
  /// Above 0: `patient` must have text within this time, whatever else comes.
  std::chrono::milliseconds fair_within{0};
  std::uint64_t patient = 0;
  std::vector<event> events;
};

/// The model that a worker of this kind holds, as requests name it.
std::string model_of(worker_kind kind);

/// What happens with this seed. The same each time.
scenario draw_scenario(std::uint64_t seed);

/// One line for the company and one for each event.
std::string describe(const scenario& story);
std::string describe(const event& x);
std::string describe(const native_request& x);

} // namespace troupe::simulation
