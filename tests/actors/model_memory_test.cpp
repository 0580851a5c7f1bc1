#include <catch2/catch.hpp>

#include <algorithm>

#include "actors/model_memory.hpp"

using namespace troupe;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using names = std::vector<std::string>;

namespace {

constexpr std::uint64_t gib = std::uint64_t{1} << 30;

time_point at(std::chrono::seconds x) {
  return time_point{1h} + x;
}

model_claim here(const std::string& name, std::uint64_t bytes, std::chrono::seconds last_used = 0s) {
  model_claim out;
  out.name = name;
  out.bytes = bytes;
  out.place = model_place::here;
  out.last_used = at(last_used);
  return out;
}

model_claim wanted(const std::string& name, std::uint64_t bytes, std::chrono::seconds since = 0s) {
  model_claim out;
  out.name = name;
  out.bytes = bytes;
  out.waiting = 1;
  out.wanted_since = at(since);
  return out;
}

template <class Change>
model_claim with(model_claim x, Change change) {
  change(x);
  return x;
}

} // namespace

TEST_CASE("what fits is loaded, and nobody gives way") {
  auto orders = share_memory({here("a", 4), wanted("b", 3), wanted("c", 3)}, 10);
  CHECK(orders.load == names{"b", "c"});
  CHECK(orders.give_way.empty());
  orders = share_memory({here("a", 4), wanted("b", 300)}, 0);
  CHECK(orders.load == names{"b"});
}

TEST_CASE("nobody is loaded that nobody waits for") {
  auto idle = wanted("b", 3);
  idle.waiting = 0;
  const auto orders = share_memory({idle}, 10);
  CHECK(orders.load.empty());
  CHECK(orders.refused.empty());
}

TEST_CASE("the least recently used gives way, and only as many as are needed") {
  const std::vector<model_claim> models{here("a", 4, 30s), here("b", 4, 10s), here("c", 2, 20s), wanted("d", 5)};
  auto orders = share_memory(models, 10);
  CHECK(orders.load.empty());
  CHECK(orders.give_way == names{"b", "c"});
  orders = share_memory(models, 11);
  CHECK(orders.give_way == names{"b"});
}

TEST_CASE("those with work give way last, pinned ones and those on their way never") {
  const auto busy = with(here("busy", 4, 0s), [](auto& x) { x.running = 1; });
  const auto pinned = with(here("pinned", 2, 0s), [](auto& x) { x.pinned = true; });
  const auto coming = with(here("coming", 2, 0s), [](auto& x) { x.place = model_place::coming; });
  auto orders = share_memory({busy, pinned, coming, here("idle", 2, 50s), wanted("new", 2)}, 10);
  CHECK(orders.give_way == names{"idle"});
  orders = share_memory({busy, pinned, coming, here("idle", 2, 50s), wanted("new", 6)}, 10);
  CHECK(orders.give_way == names{"idle", "busy"});
  CHECK(orders.load.empty());
}

TEST_CASE("what is leaving already counts until it is gone, and makes nobody else leave") {
  const auto leaving = with(here("a", 6), [](auto& x) { x.place = model_place::leaving; });
  const auto orders = share_memory({leaving, here("b", 4), wanted("c", 5)}, 10);
  CHECK(orders.load.empty());
  CHECK(orders.give_way.empty());
  CHECK(orders.refused.empty());
}

TEST_CASE("who waits longest comes first, and nobody takes the room that it waits for") {
  const std::vector<model_claim> models{here("a", 6), wanted("small", 2, 5s), wanted("large", 9, 1s)};
  const auto orders = share_memory(models, 10);
  CHECK(orders.give_way == names{"a"});
  CHECK(orders.load.empty());
}

TEST_CASE("what can never fit is refused with what holds the memory, and holds nobody up") {
  const auto pinned = with(here("keeper", 6 * gib), [](auto& x) { x.pinned = true; });
  const auto orders =
    share_memory({pinned, here("other", gib), wanted("large", 5 * gib, 1s), wanted("small", gib, 2s)}, 8 * gib);
  REQUIRE(orders.refused.size() == 1);
  CHECK(orders.refused[0].model == "large");
  CHECK(orders.refused[0].reason ==
    "it needs 5.0 GiB of memory; the budget is 8.0 GiB, of which pinned models hold: 'keeper' 6.0 GiB");
  CHECK(orders.give_way.empty());
  CHECK(orders.load == names{"small"});
  CHECK_THAT(share_memory({wanted("x", 9 * gib)}, 8 * gib).refused.at(0).reason, Contains("the budget is 8.0 GiB"));
}

TEST_CASE("workers of one model hold a KV cache each, and share the weights of their device") {
  worker_options worker;
  worker.engine.device = "cpu";
  worker.weight_bytes = 100;
  worker.kv_bytes = 10;
  model_size size;
  size.add(worker);
  size.add(worker);
  CHECK(size.bytes() == 120);
  worker.engine.dtype = engine::data_type::bfloat16;
  worker.weight_bytes = 50;
  size.add(worker);
  CHECK(size.bytes() == 180);
}

TEST_CASE("a model leaves when it was without work for its time, unless it is pinned") {
  const auto timed = [](const std::string& name, std::chrono::seconds last_used) {
    return with(here(name, 1, last_used), [](auto& x) { x.idle = 10s; });
  };
  const std::vector<model_claim> models{timed("a", 0s), timed("b", 5s),
    with(timed("busy", 0s), [](auto& x) { x.running = 1; }),
    with(timed("pinned", 0s), [](auto& x) { x.pinned = true; }), here("for ever", 1),
    with(timed("gone", 0s), [](auto& x) { x.place = model_place::absent; })};
  CHECK(left_alone(models, at(9s)).empty());
  CHECK(left_alone(models, at(10s)) == names{"a"});
  CHECK(left_alone(models, at(15s)) == names{"a", "b"});
  CHECK(next_left_alone(models) == at(10s));
  CHECK_FALSE(next_left_alone({here("for ever", 1)}));
}

TEST_CASE("however models come and go, the budget holds and everybody who fits is served in the end") {
  // A small company by the same rules: every round orders are carried out, and all work ends.
  std::uint32_t state = 1;
  const auto draw = [&](std::uint32_t below) { return (state = state * 1664525 + 1013904223) / 65536 % below; };
  for (int round = 0; round < 200; ++round) {
    std::vector<model_claim> models;
    const auto count = 2 + draw(5);
    for (std::uint32_t i = 0; i < count; ++i)
      models.push_back(
        with(wanted(std::string(1, static_cast<char>('a' + i)), 1 + draw(10)), [](auto& x) { x.waiting = 0; }));
    auto now = at(0s);
    for (int step = 0; step < 100; ++step) {
      now += 1s;
      if (step < 50)
        if (auto& model = models[draw(count)]; model.waiting == 0) {
          model.waiting = 1;
          model.wanted_since = now;
        }
      const auto orders = share_memory(models, 12);
      for (auto& model : models) {
        const auto is_in = [&](const names& list) {
          return std::find(list.begin(), list.end(), model.name) != list.end();
        };
        if (model.place == model_place::leaving)
          model.place = model_place::absent;
        else if (is_in(orders.give_way))
          model.place = model_place::leaving;
        else if (model.place == model_place::coming)
          model.place = model_place::here;
        else if (is_in(orders.load))
          model.place = model_place::coming;
        if (model.place == model_place::here && model.busy()) {
          model.waiting = 0;
          model.last_used = now;
        }
      }
      std::uint64_t used = 0;
      for (const auto& model : models)
        used += model.place == model_place::absent ? 0 : model.bytes;
      REQUIRE(used <= 12);
    }
    for (const auto& model : models)
      REQUIRE(model.waiting == 0);
  }
}
