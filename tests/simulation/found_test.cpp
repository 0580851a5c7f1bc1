// What seeds have found, as the small stories that they shrank to.
#include <catch2/catch.hpp>

#include <string>

#include "tests/simulation/play.hpp"

using namespace troupe;
using namespace troupe::simulation;

namespace {

scenario company_of(std::vector<worker_kind> workers) {
  scenario out;
  out.workers = std::move(workers);
  out.gateway.request_timeout = timespan{0};
  return out;
}

event ask(std::chrono::milliseconds at, std::uint64_t sink) {
  event x;
  x.at = at;
  x.sink = sink;
  x.request.model = "tiny";
  x.request.form = prompt_form::text;
  x.request.prompt = "abc";
  x.request.params.max_tokens = 6;
  return x;
}

event reload(std::chrono::milliseconds at, std::vector<worker_kind> workers) {
  event x;
  x.at = at;
  x.what = event_kind::reload;
  x.workers = std::move(workers);
  return x;
}

event drill(std::chrono::milliseconds at, event_kind what) {
  event x;
  x.at = at;
  x.what = what;
  x.span = 9s;
  return x;
}

void check_holds(const scenario& story) {
  const auto end = play(story);
  INFO((end.broken ? end.broken->check + ": " + end.broken->what : ""));
  CHECK_FALSE(end.broken);
}

} // namespace

TEST_CASE("a request for a model whose last worker a reload took out fails at once") {
  auto story = company_of({worker_kind::tiny, worker_kind::mini});
  story.events = {reload(10ms, {worker_kind::mini}), ask(500ms, 1)};
  check_holds(story);
}

TEST_CASE("a worker that a drill has hang is not blamed on its work because of a later drill") {
  auto story = company_of({worker_kind::tiny});
  story.step_tokens = 4;
  auto long_one = ask(10ms, 1);
  long_one.request.prompt = std::string(60, 'a');
  // Twice, each time before the prompt has gone through: a sequence that is blamed for two workers is failed.
  story.events = {long_one, drill(30ms, event_kind::drill_hang), drill(31ms, event_kind::drill_throw),
    drill(6130ms, event_kind::drill_hang), drill(6131ms, event_kind::drill_throw)};
  auto end = play(story);
  CHECK_FALSE(end.broken);
  CHECK(end.seen["a worker that was given up"] > 0);
  CHECK(end.seen["finished"] == 1);
}

TEST_CASE("a run that scores has left its worker when its last score is told") {
  auto story = company_of({worker_kind::tiny});
  // Its last token would have to wait for the step behind the one with its last score.
  story.step_tokens = 4;
  auto scored = ask(0ms, 1);
  scored.request.kind = work_kind::score;
  scored.request.continuations = {{"BB", {}}, {"B", {}}};
  scored.request.params = {};
  scored.request.params.choices = 2;
  scored.request.params.logprobs = true;
  story.events = {scored};
  check_holds(story);
}
