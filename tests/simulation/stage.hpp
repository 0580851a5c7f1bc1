// The company of a story: real actors, fake engines that break on command, a fake clock, one thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "actors/company.hpp"
#include "actors/fan_out.hpp"
#include "actors/gateway.hpp"
#include "actors/metrics.hpp"
#include "actors/scheduler.hpp"
#include "actors/supervisor.hpp"
#include "tests/simulation/audience.hpp"
#include "tests/simulation/journal.hpp"
#include "tests/simulation/scenario.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/support/fake_engine.hpp"

namespace troupe::simulation {

/// What was done to the company, for the checks that ask what it may answer for.
struct troubles {
  /// Steps that threw.
  std::size_t throws = 0;
  /// Workers that hung by themselves, that were told to, and that were told to die.
  std::size_t hangs = 0;
  std::size_t drills = 0;
  std::size_t failed_loads = 0;
  /// Workers that the config has named, those of every reload counted in.
  std::size_t workers = 0;
  bool lost_models = false;
  /// How long those who are there have when the company drains.
  std::optional<timespan> drain_within;
  bool stopped = false;
};

class stage : public test::deterministic_system {
public:
  stage(const scenario& story, journal& log);
  ~stage();

  void submit(const event& x);
  void hang_up(sink_id sink);
  /// What happens to workers and to the whole.
  void strike(const event& x);

  audience& sinks() { return sinks_; }
  const troubles& trouble() const { return trouble_; }
  const std::vector<std::string>& deaths() const { return deaths_; }
  const test::fake_engine_log& engines() const { return *engines_; }
  const company& actors() const { return actors_; }
  /// Actors that live, the company's core and the edges not counted.
  std::ptrdiff_t extra_actors();
  /// What the drains have answered; one entry less than there were drains while one is still open.
  std::vector<std::uint64_t> drained();
  std::size_t drains() const { return drains_.size(); }

  // The actors' states. Only while they live; some are empty until the actor has run for the first time.
  gateway_state& gateway() { return *gateway_; }
  scheduler_state& scheduler() { return *scheduler_; }
  fan_out_state& fan_out() { return *fan_out_; }
  supervisor_state& supervisor() { return *supervisor_; }
  metrics_state& metrics() { return *metrics_; }
  static worker_self& worker(const worker_actor& handle);

  /// Whether nothing is on its way to this actor.
  template <class Handle>
  static bool idle(const Handle& handle) {
    auto* const actor = caf::actor_cast<caf::abstract_actor*>(handle);
    auto& mailbox = dynamic_cast<caf::scheduled_actor&>(*actor).mailbox();
    return mailbox.blocked() || mailbox.empty();
  }
  /// Whether a worker that is there hangs.
  bool a_worker_hangs();

  /// Nothing moves: everybody knows by now which workers are gone. What these still say must change nothing.
  void distrust_the_gone();

private:
  company_options options() const;
  world outside();
  worker_options worker_of(worker_kind kind) const;
  std::vector<worker_options> workers_of(const std::vector<worker_kind>& kinds) const;
  std::unique_ptr<engine::engine> load(const engine::engine_options& options);
  void before_step(std::size_t engine, const engine::batch& step);
  std::size_t pick(const std::vector<caf::resumable*>& free);
  std::size_t next_in_turn(const std::vector<caf::resumable*>& free);
  std::optional<std::pair<worker_id, worker_actor>> some_worker(std::uint32_t number);
  void drill(const event& x, drill_kind what);
  void hang(const event& x);
  void drain(timespan within);

  const scenario& story_;
  journal& log_;
  audience sinks_;
  troubles trouble_;
  std::mt19937_64 shuffle_;
  std::shared_ptr<test::fake_engine_log> engines_ = std::make_shared<test::fake_engine_log>();
  std::vector<std::string> deaths_;
  /// What the config names now.
  std::vector<worker_kind> config_;
  /// Loads of a flaky worker that will fail.
  std::size_t flaky_loads_ = 2;
  /// Steps that will throw, and the engine they throw on once the first did.
  std::size_t breaks_ = 0;
  std::size_t broken_engine_ = 0;
  timespan hang_for_{0};
  /// Workers that were there at some quiet moment, and those of them that are gone.
  std::set<caf::actor_id> known_;
  std::set<caf::actor_id> distrusted_;
  std::size_t actors_before_ = 0;
  company actors_;
  edge_actor edges_[2];
  std::vector<std::function<std::optional<std::uint64_t>()>> drains_;
  /// Every actor that has run, so that one that was forgotten can be ended with the stage.
  struct runner {
    caf::weak_actor_ptr actor;
    std::uint64_t last_turn = 0;
  };
  std::map<caf::actor_id, runner> seen_;
  std::uint64_t turns_ = 0;

  gateway_state* gateway_ = nullptr;
  scheduler_state* scheduler_ = nullptr;
  fan_out_state* fan_out_ = nullptr;
  supervisor_state* supervisor_ = nullptr;
  metrics_state* metrics_ = nullptr;
};

} // namespace troupe::simulation
