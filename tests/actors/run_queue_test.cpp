#include <catch2/catch.hpp>

#include "actors/run_queue.hpp"

#include <limits>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

constexpr timespan aging = 10s;

/// Queues sequences as they come, and takes them out in turn.
struct line {
  run_queue queue;
  std::uint64_t arrivals = 0;

  void come(run_id run, std::int32_t priority, timespan when, timespan interval = aging) {
    CHECK(queue.push({run, 0}, turn_of(priority, time_point{when}, ++arrivals, interval)));
  }

  std::vector<run_id> order() {
    std::vector<run_id> runs;
    while (!queue.empty()) {
      runs.push_back(queue.front().run);
      CHECK(queue.erase(queue.front()));
    }
    return runs;
  }
};

} // namespace

TEST_CASE("who came first runs first") {
  line waiting;
  waiting.come(3, 0, 1s);
  waiting.come(1, 0, 2s);
  waiting.come(2, 0, 2s);
  CHECK(waiting.order() == std::vector<run_id>{3, 1, 2});
}

TEST_CASE("a higher priority runs first") {
  line waiting;
  waiting.come(1, 0, 1s);
  waiting.come(2, 5, 2s);
  waiting.come(3, -5, 0s);
  CHECK(waiting.order() == std::vector<run_id>{2, 1, 3});
}

TEST_CASE("waiting makes up for priority, one step per interval, so that none starves") {
  line waiting;
  waiting.come(1, 0, 0s);
  waiting.come(2, 1, 9s);
  waiting.come(3, 1, 11s);
  waiting.come(4, 3, 28s);
  waiting.come(5, 3, 32s);
  CHECK(waiting.order() == std::vector<run_id>{4, 2, 1, 3, 5});
}

TEST_CASE("a resumed sequence keeps its turn") {
  line waiting;
  waiting.come(1, 0, 5s);
  waiting.come(2, 0, 9s - 6s);
  CHECK(waiting.order() == std::vector<run_id>{2, 1});
}

TEST_CASE("without aging a priority is never made up for") {
  line waiting;
  waiting.come(1, 0, 0s, 0s);
  waiting.come(2, 1, 100h, 0s);
  CHECK(waiting.order() == std::vector<run_id>{2, 1});
}

TEST_CASE("the widest priorities are ordered without overflow") {
  line waiting;
  waiting.come(1, std::numeric_limits<std::int32_t>::min(), -1s);
  waiting.come(2, std::numeric_limits<std::int32_t>::max(), 1h);
  waiting.come(3, 0, 1h);
  CHECK(waiting.order() == std::vector<run_id>{2, 3, 1});
}

TEST_CASE("a sequence waits once, and can leave from anywhere") {
  run_queue queue;
  const auto first = turn_of(0, time_point{1s}, 1, aging);
  const auto second = turn_of(0, time_point{2s}, 2, aging);
  CHECK(queue.push({1, 0}, first));
  CHECK_FALSE(queue.push({1, 0}, second));
  CHECK(queue.push({1, 1}, second));
  CHECK(queue.size() == 2);
  CHECK(queue.erase({1, 0}));
  CHECK_FALSE(queue.erase({1, 0}));
  CHECK(queue.front() == sequence_key{1, 1});
}
