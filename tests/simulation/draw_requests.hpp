// What the requests of a scenario ask for, and the dice that all of it is drawn with.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

#include "tests/simulation/scenario.hpp"

namespace troupe::simulation {

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

native_request draw_request(dice& roll, const scenario& story);

/// An equal one, or one that differs in a single thing: what a cache might take for equal.
native_request draw_twin(dice& roll, native_request out);

/// Makes some requests ask for an embedding, or for scores, of what they were to go on with.
void draw_given(dice& roll, scenario& story);

} // namespace troupe::simulation
