#include <catch2/catch.hpp>

#include <algorithm>

#include "tests/simulation/shrink.hpp"

using namespace troupe;
using namespace troupe::simulation;

namespace {

std::ptrdiff_t count(const scenario& story, event_kind what) {
  return std::count_if(story.events.begin(), story.events.end(), [&](const event& x) { return x.what == what; });
}

scenario long_story() {
  scenario out;
  for (std::uint64_t i = 0; i < 40; ++i) {
    event x;
    x.what = i == 11 ? event_kind::reload : i == 29 ? event_kind::hang : event_kind::submit;
    x.sink = i;
    x.lag = 5;
    x.request.params.choices = 3;
    out.events.push_back(x);
  }
  out.workers = {worker_kind::tiny, worker_kind::tiny_flaky};
  return out;
}

} // namespace

TEST_CASE("a story shrinks to the events that it fails of") {
  const auto fails = [](const scenario& x) {
    return count(x, event_kind::reload) > 0 && count(x, event_kind::hang) > 0 && count(x, event_kind::submit) > 0;
  };
  const auto smallest = shrink(long_story(), fails);
  REQUIRE(smallest.events.size() == 3);
  CHECK(fails(smallest));
  CHECK(smallest.workers.size() == 1);
  for (const auto& x : smallest.events) {
    CHECK(x.lag == 0);
    CHECK((x.what != event_kind::submit || x.request.params.choices == 1));
  }
}

TEST_CASE("a story that fails whatever happens shrinks to nothing, and tries no more than it may") {
  CHECK(shrink(long_story(), [](const scenario&) { return true; }).events.empty());
  std::size_t asked = 0;
  shrink(
    long_story(),
    [&](const scenario&) {
      ++asked;
      return false;
    },
    20);
  CHECK(asked == 20);
}
