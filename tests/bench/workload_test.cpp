#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

#include "bench/workload.hpp"

using namespace troupe::bench;

namespace {

plan small_plan(std::size_t requests) {
  plan p;
  p.scenarios = {scenario::sequential};
  p.requests = requests;
  p.warmup = 2;
  p.concurrency = 8;
  p.seed = 4711;
  return p;
}

} // namespace

TEST_CASE("no two prompts of a run are the same") {
  const plan p = small_plan(100);
  std::set<std::string> prompts;
  for (const scenario kind : {scenario::sequential, scenario::cached, scenario::concurrent})
    for (const question& q : make_workload(p, kind).questions)
      prompts.insert(q.prompt);
  for (const question& q : make_warmup(p).questions)
    prompts.insert(q.prompt);
  CHECK(prompts.size() == 302);
}

TEST_CASE("the cached scenario asks the same set twice and lets the cache answer") {
  const workload w = make_workload(small_plan(5), scenario::cached);
  CHECK(w.clients == 1);
  REQUIRE(w.questions.size() == 10);
  for (std::size_t i = 0; i < 5; ++i)
    CHECK(w.questions[i].prompt == w.questions[i + 5].prompt);
  CHECK(std::all_of(w.questions.begin(), w.questions.end(), [](const question& q) { return q.use_cache; }));
}

TEST_CASE("the other scenarios pass the cache by") {
  const workload alone = make_workload(small_plan(5), scenario::sequential);
  CHECK(alone.clients == 1);
  CHECK(alone.questions.size() == 5);
  const workload together = make_workload(small_plan(20), scenario::concurrent);
  CHECK(together.clients == 8);
  CHECK(together.questions.size() == 20);
  CHECK(
    std::none_of(together.questions.begin(), together.questions.end(), [](const question& q) { return q.use_cache; }));
}

TEST_CASE("there are no more clients than requests") {
  CHECK(make_workload(small_plan(3), scenario::concurrent).clients == 3);
}

TEST_CASE("the same seed asks the same, another seed something else") {
  plan p = small_plan(3);
  const std::string first = make_workload(p, scenario::sequential).questions[0].prompt;
  CHECK(make_workload(p, scenario::sequential).questions[0].prompt == first);
  CHECK(first.find("4711") != std::string::npos);
  p.seed = 4712;
  CHECK(make_workload(p, scenario::sequential).questions[0].prompt != first);
}

TEST_CASE("every scenario asks the same sentences") {
  const plan p = small_plan(50);
  const auto sentence = [](const question& q) { return q.prompt.substr(q.prompt.find(". ") + 2); };
  const workload alone = make_workload(p, scenario::sequential);
  const workload together = make_workload(p, scenario::concurrent);
  for (std::size_t i = 0; i < 50; ++i)
    CHECK(sentence(alone.questions[i]) == sentence(together.questions[i]));
}
