// What seeds have found, as the small stories that they shrank to.
#include <catch2/catch.hpp>

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
