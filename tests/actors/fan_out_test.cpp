#include <catch2/catch.hpp>

#include "actors/fan_out.hpp"
#include "tests/support/sequence_probes.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

struct fixture : deterministic_system {
  sequence_probes peers{*this};
  fan_out_actor router = spawn(fan_out);

  std::shared_ptr<sequence_view> add(run_id run) {
    auto view = std::make_shared<sequence_view>();
    view->work = ask_for(run, prompt_of(3), 9);
    view->epoch = run;
    tell(router, register_atom_v, run, spawn(sequence_client, view, peers.scheduler));
    return view;
  }
};

step_report report_of(std::vector<run_id> runs, std::uint32_t position) {
  step_report report;
  for (const auto run : runs)
    report.tokens.push_back({{run, 0}, run, position, {static_cast<token_id>(run)}, {}, finish_reason::none});
  return report;
}

} // namespace

TEST_CASE_METHOD(fixture, "each generation gets its own part of a step") {
  const auto one = add(1);
  const auto two = add(2);
  tell(router, report_of({1, 2}, 3));
  tell(router, report_of({2}, 4));
  CHECK(one->answer == std::vector<token_id>{1});
  CHECK(two->answer == std::vector<token_id>{2, 2});
  CHECK(two->breaches.empty());
}

TEST_CASE_METHOD(fixture, "a failure reaches its generation only") {
  const auto one = add(1);
  const auto two = add(2);
  step_report report;
  report.failed.push_back({{2, 0}, 2, {failure_code::internal_error, "broken", {}, {}}});
  tell(router, report);
  CHECK_FALSE(one->failed);
  REQUIRE(two->failed);
  CHECK(two->failed->message == "broken");
}

TEST_CASE_METHOD(fixture, "what comes for a run that is not there is dropped") {
  const auto one = add(1);
  tell(router, unregister_atom_v, run_id{1});
  tell(router, report_of({1, 7}, 3));
  CHECK(one->answer.empty());
}
