// The whole server in one thread, from one seed.
//
// TROUPE_SIM_SEED=N      plays that seed alone, or is the first one when one of the next two is set
// TROUPE_SIM_SEEDS=N     plays so many seeds, however long it takes
// TROUPE_SIM_SECONDS=N   plays fresh seeds for so long; 30 when nothing is set
// TROUPE_SIM_SHRINK=0    reports a story that fails as it was drawn
#include <catch2/catch.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

#include "tests/simulation/play.hpp"
#include "tests/simulation/shrink.hpp"

using namespace troupe;
using namespace troupe::simulation;

namespace {

std::optional<std::uint64_t> number_in(const char* variable) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? std::nullopt : std::optional{std::stoull(text)};
}

/// The smallest story found that breaks the same check, and how it went.
std::string report(const scenario& story, const ending& end) {
  const auto check = end.broken->check;
  const auto fails = [&](const scenario& x) {
    const auto again = play(x);
    return again.broken && again.broken->check == check;
  };
  const auto smallest = number_in("TROUPE_SIM_SHRINK") == std::uint64_t{0} ? story : shrink(story, fails);
  const auto last = play(smallest);
  std::string out = "seed " + std::to_string(story.seed) + " breaks: " + check + ": " + end.broken->what + "\n";
  out += std::to_string(story.events.size()) + " events, of which these are enough:\n" + describe(smallest);
  out += "what happened:\n";
  for (const auto& line : last.log)
    out += line + "\n";
  out += "play it again: TROUPE_SIM_SEED=" + std::to_string(story.seed) + " ./dev test -R simulation\n";
  return out;
}

/// Plays a seed. Returns whether all checks held; says on the standard error which one did not.
bool holds(std::uint64_t seed) {
  const auto story = draw_scenario(seed);
  const auto end = play(story);
  if (end.broken)
    std::cerr << report(story, end) << std::flush;
  return !end.broken;
}

} // namespace

TEST_CASE("the first seeds hold") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    REQUIRE(holds(seed));
  }
}

TEST_CASE("the same seed gives the same story, message by message") {
  for (const std::uint64_t seed : {3, 17, 4242, 99991}) {
    INFO("seed " << seed);
    const auto one = play(draw_scenario(seed));
    const auto two = play(draw_scenario(seed));
    CHECK(one.hash == two.hash);
    CHECK(one.log == two.log);
    CHECK(one.messages == two.messages);
  }
}

TEST_CASE("between them the stories see all that can happen") {
  std::map<std::string, std::size_t> seen;
  for (std::uint64_t seed = 1; seed <= 300; ++seed)
    for (const auto& [what, count] : play(draw_scenario(seed)).seen)
      seen[what] += count;
  for (const std::string what :
    {"finished", "cancelled", "hit", "coalesced", "evicted", "prefix hit", "restart", "slow reader",
      "let in while the queue was full", "a worker that was given up", "queue_full", "draining", "no_worker",
      "deadline_exceeded", "internal_error", "invalid_request", "context_length_exceeded", "a model that rests"}) {
    INFO(what);
    CHECK(seen[what] > 0);
  }
}

TEST_CASE("fresh seeds hold") {
  const auto seeds = number_in("TROUPE_SIM_SEEDS");
  const auto seconds = number_in("TROUPE_SIM_SECONDS");
  auto base = number_in("TROUPE_SIM_SEED");
  const bool one = base && !seeds && !seconds;
  if (!base)
    base = std::random_device{}() * std::uint64_t{1000};
  using clock = std::chrono::steady_clock;
  const auto begin = clock::now();
  const auto time = std::chrono::seconds{seconds.value_or(30)};
  std::cout << "simulation: from seed " << *base << std::endl;
  std::uint64_t played = 0;
  const auto goes_on = [&] {
    if (one || seeds)
      return played < seeds.value_or(1);
    return clock::now() - begin < time;
  };
  for (; goes_on(); ++played) {
    INFO("seed " << *base + played);
    REQUIRE(holds(*base + played));
  }
  const double took = std::chrono::duration<double>(clock::now() - begin).count();
  std::cout << "simulation: " << played << " seeds in " << took << " s" << std::endl;
}
