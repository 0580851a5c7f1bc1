#include "tests/simulation/stage.hpp"

#include <limits>
#include <stdexcept>

#include <spdlog/fmt/fmt.h>

#include "tests/support/tiny_text.hpp"

namespace troupe::simulation {

namespace {

/// The state of an actor. All run in this thread.
template <class State, class Handle>
State& state_of(const Handle& handle) {
  using actor = caf::stateful_actor<State, typename Handle::base>;
  return dynamic_cast<actor&>(*caf::actor_cast<caf::abstract_actor*>(handle)).state;
}

/// What the engine's options call the file of a worker: this is how a load knows what to do.
const char* file_of(worker_kind kind) {
  switch (kind) {
  case worker_kind::tiny:
  case worker_kind::tiny_small_steps:
    return "tiny";
  case worker_kind::mini:
    return "mini";
  case worker_kind::tiny_broken:
    return "broken";
  case worker_kind::tiny_flaky:
    return "flaky";
  }
  return "";
}

} // namespace

stage::stage(const scenario& story, journal& log)
    : story_{story},
      log_{log},
      sinks_{log, story},
      shuffle_{story.shuffle},
      config_{story.workers} {
  log_.clock = [this] { return now(); };
  engines_->keeps_steps = false;
  choose = [this](const auto& free) { return pick(free); };
  actors_before_ = sys.registry().running();
  actors_ = start_company(sys, options(), outside(), test::tiny_texts(story.context));
  track(actors_.supervisor);
  track(actors_.cache);
  track(actors_.gateway);
  track(actors_.encoder);
  track(actors_.tokens_desk);
  track(actors_.scheduler);
  track(actors_.fan_out);
  track(actors_.metrics);
  for (auto& edge : edges_)
    edge = spawn(edge_of, &sinks_, actors_.gateway);
  gateway_ = &state_of<gateway_state>(actors_.gateway);
  scheduler_ = &state_of<scheduler_state>(actors_.scheduler);
  fan_out_ = &state_of<fan_out_state>(actors_.fan_out);
  supervisor_ = &state_of<supervisor_state>(actors_.supervisor);
  metrics_ = &state_of<metrics_state>(actors_.metrics);
}

stage::~stage() {
  for (const auto& [id, seen] : seen_)
    if (const auto left = seen.actor.lock())
      track(left);
  choose = nullptr;
  end_actors();
  log_.clock = nullptr;
}

// -- the world ------------------------------------------------------------------------------------------------------

worker_options stage::worker_of(worker_kind kind) const {
  worker_options out;
  out.engine.model = file_of(kind);
  out.model = model_of(kind);
  out.step_tokens = kind == worker_kind::tiny_small_steps ? std::max<std::size_t>(story_.slots, 4) : story_.step_tokens;
  out.prefix_cache = story_.prefix_cache;
  out.eos = {test::tiny_im_end};
  out.kv_bytes = 1;
  return out;
}

std::vector<worker_options> stage::workers_of(const std::vector<worker_kind>& kinds) const {
  std::vector<worker_options> out;
  for (const auto kind : kinds)
    out.push_back(worker_of(kind));
  return out;
}

company_options stage::options() const {
  company_options out;
  out.gateway = story_.gateway;
  out.cache.max_entries = story_.cache_entries;
  out.scheduler.aging = story_.aging;
  out.generation.encode_inline_bytes = story_.encode_inline_bytes;
  out.supervisor.restart_delay = 100ms;
  out.supervisor.max_restart_delay = 2s;
  out.supervisor.drills = true;
  out.supervisor.memory = story_.memory;
  out.workers = workers_of(story_.workers);
  return out;
}

world stage::outside() {
  world out;
  out.random = [] { return drawn_seed; };
  out.load_engine = [this](const engine::engine_options& x) { return load(x); };
  out.read_workers = [this] { return workers_of(config_); };
  out.hang = [this] { hold_running(now() + hang_for_); };
  out.detached = false;
  out.on_core_death = [this](std::string_view actor, const caf::error&) { deaths_.emplace_back(actor); };
  trouble_.workers = story_.workers.size();
  return out;
}

std::unique_ptr<engine::engine> stage::load(const engine::engine_options& options) {
  const auto file = options.model.string();
  if (file == "broken") {
    trouble_.lost_models = true;
    throw engine::load_error("the file is broken");
  }
  if (file == "flaky" && flaky_loads_ > 0) {
    --flaky_loads_;
    ++trouble_.failed_loads;
    throw std::runtime_error("the device is busy");
  }
  auto engine = engine_of(story_, file == "mini" ? "mini" : "tiny");
  engine.before_step = [this, number = engines_->made + 1](
                         std::size_t, const engine::batch& step) { before_step(number, step); };
  // A device that comes back from a hang may give anything.
  engine.distort = [this](token_id token) { return distrusted_.contains(running()->id()) ? (token + 1) % 256 : token; };
  log_.note(fmt::format("engine {} loads {}", engines_->made + 1, file));
  return std::make_unique<test::fake_engine>(engine, engines_);
}

void stage::before_step(std::size_t engine, const engine::batch& step) {
  sched.advance_time(story_.step_cost);
  for (const auto& row : step.rows)
    for (const auto token : row.tokens)
      trouble_.throws += token == poison ? 1 : 0;
  if (breaks_ == 0 || (broken_engine_ != 0 && broken_engine_ != engine))
    return;
  --breaks_;
  broken_engine_ = engine;
  ++trouble_.throws;
  log_.note(fmt::format("engine {} throws in a step of {} rows", engine, step.rows.size()));
  throw std::runtime_error("the device is gone");
}

// -- who runs next --------------------------------------------------------------------------------------------------

std::size_t stage::pick(const std::vector<caf::resumable*>& free) {
  const auto id_of = [&](std::size_t i) { return dynamic_cast<caf::abstract_actor&>(*free[i]).id(); };
  std::size_t index = 0;
  switch (story_.order) {
  case mailbox_order::turns:
    index = next_in_turn(free);
    break;
  case mailbox_order::random:
    index = shuffle_() % free.size();
    break;
  case mailbox_order::newest:
    index = shuffle_() % 4 == 0 ? shuffle_() % free.size() : free.size() - 1;
    break;
  case mailbox_order::laggard:
    index = shuffle_() % free.size();
    if (id_of(index) % 11 == story_.shuffle % 11 && shuffle_() % 16 != 0)
      index = shuffle_() % free.size();
    break;
  }
  auto& actor = dynamic_cast<caf::abstract_actor&>(*free[index]);
  log_.mix(actor.id());
  log_.mix(static_cast<std::uint64_t>(now().time_since_epoch().count()));
  auto& seen = seen_[actor.id()];
  if (seen.last_turn == 0)
    seen.actor = caf::weak_actor_ptr{actor.ctrl()};
  seen.last_turn = ++turns_;
  return index;
}

std::size_t stage::next_in_turn(const std::vector<caf::resumable*>& free) {
  std::size_t oldest = 0;
  std::uint64_t turn = std::numeric_limits<std::uint64_t>::max();
  for (std::size_t i = 0; i < free.size(); ++i) {
    const auto found = seen_.find(dynamic_cast<caf::abstract_actor&>(*free[i]).id());
    const auto last = found == seen_.end() ? 0 : found->second.last_turn;
    // A few messages are one turn.
    if (last != 0 && last == turns_ && shuffle_() % 4 != 0)
      return i;
    if (last < turn) {
      oldest = i;
      turn = last;
    }
  }
  return oldest;
}

// -- what can be seen -----------------------------------------------------------------------------------------------

std::ptrdiff_t stage::extra_actors() {
  constexpr std::ptrdiff_t core = 8;
  return static_cast<std::ptrdiff_t>(sys.registry().running()) - static_cast<std::ptrdiff_t>(actors_before_) - core -
    static_cast<std::ptrdiff_t>(std::size(edges_));
}

std::vector<std::uint64_t> stage::drained() {
  std::vector<std::uint64_t> out;
  for (const auto& drain : drains_) {
    // A receive without a message would block the only thread.
    if (self->mailbox().empty())
      break;
    if (const auto answer = drain())
      out.push_back(*answer);
  }
  return out;
}

worker_self& stage::worker(const worker_actor& handle) {
  return state_of<worker_self>(handle);
}

bool stage::a_worker_hangs() {
  return std::any_of(scheduler_->workers.begin(), scheduler_->workers.end(),
    [this](const auto& x) { return holds(caf::actor_cast<caf::strong_actor_ptr>(x.second)); });
}

void stage::distrust_the_gone() {
  std::set<caf::actor_id> here;
  for (const auto& [id, worker] : scheduler_->workers)
    here.insert(worker.id());
  for (const auto id : known_)
    if (!here.contains(id))
      distrusted_.insert(id);
  known_.merge(here);
}

} // namespace troupe::simulation
