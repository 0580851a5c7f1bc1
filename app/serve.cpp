// Wires everything: config, model, company, server; then waits for the signal to stop.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include <caf/all.hpp>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "actors/company.hpp"
#include "actors/model_memory.hpp"
#include "app/commands.hpp"
#include "app/config_file.hpp"
#include "app/core_death.hpp"
#include "app/loading.hpp"
#include "app/logging.hpp"
#include "app/model.hpp"
#include "app/openmp.hpp"
#include "app/signals.hpp"
#include "app/systemd.hpp"
#include "http/edge.hpp"
#include "http/keys.hpp"
#include "http/server.hpp"

namespace troupe::app {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// How often the supervisor is asked while workers load.
constexpr auto load_poll = 50ms;
/// How long the last bytes of answers may take to their clients once the company has drained.
constexpr auto close_grace = 5s;
/// How long threads that hang may hold up the end.
constexpr auto exit_grace = 5s;
/// How long a drill keeps a worker's thread.
constexpr auto drilled_hang = 30s;

/// What requests are let in by, read again at a reload.
struct gatekeeping {
  explicit gatekeeping(const config::config& c)
      : keys(std::make_shared<http::key_ring>(std::make_shared<http::key_table>(c.keys))),
        tls(c.certificate_path.empty() ? nullptr : std::make_shared<http::tls_ring>(identity_of(c))) {}

  static std::shared_ptr<const http::tls_identity> identity_of(const config::config& c) {
    return std::make_shared<http::tls_identity>(c.certificate_path.string(), c.private_key_path.string());
  }

  std::shared_ptr<http::key_ring> keys;
  /// Null for plain HTTP.
  std::shared_ptr<http::tls_ring> tls;
};

void check_stays(const std::string& name, const std::string& before, const std::string& now) {
  if (before != now)
    throw config::config_error{
      name + " must stay as it is while the server runs: \"" + before + "\", got \"" + now + '"'};
}

/// All that a running server goes by.
std::string words_of(const std::vector<config::model_entry>& models) {
  std::string out;
  for (const config::model_entry& model : models) {
    out += (out.empty() ? "" : ", ") + model.name + " (" + model.path.string() + ')';
    for (const std::string& alias : model.aliases)
      out += " = " + alias;
    for (const auto& [name, path] : model.adapters)
      out += " + " + name + " (" + path.string() + ')';
    out += model.stay.on_demand ? ", on demand" : "";
    out += model.stay.pinned ? ", pinned" : "";
    if (model.stay.idle.count() > 0)
      out += ", idle " + std::to_string(std::chrono::duration<double>(model.stay.idle).count()) + " s";
  }
  return out;
}

/// The workers that the config names now; its keys and its certificate take the place of those before. Throws, and
/// changes nothing, when it does not hold, or when it changes what a running server cannot change.
std::vector<worker_options> read_again(const std::optional<fs::path>& file, const config::overrides& flags,
  const config::config& running, const gatekeeping& gate) {
  config::config fresh = read_config(file, flags);
  check_stays("the models", words_of(running.models), words_of(fresh.models));
  check_stays("memory.budget", bytes_text(running.company.supervisor.memory.budget),
    bytes_text(fresh.company.supervisor.memory.budget));
  check_stays("auth.keys", running.keys_path.string(), fresh.keys_path.string());
  if (fresh.certificate_path.empty() == (gate.tls != nullptr))
    throw config::config_error{"http.certificate must be there, or not, as it was at the start"};
  for (worker_options& worker : fresh.company.workers) {
    size_up(worker);
    const auto& before = running.company.workers;
    worker.eos =
      std::find_if(before.begin(), before.end(), [&](const worker_options& x) { return x.model == worker.model; })->eos;
  }
  check_budget(fresh);
  if (gate.tls)
    gate.tls->replace(gatekeeping::identity_of(fresh));
  gate.keys->replace(std::make_shared<http::key_table>(std::move(fresh.keys)));
  return std::move(fresh.company.workers);
}

/// `address_taken` holds the workers' loading back until it is ready; it breaks when the address cannot be taken.
world real_world(std::shared_future<void> address_taken, std::function<std::vector<worker_options>()> reread) {
  world outside;
  outside.read_workers = std::move(reread);
  outside.hang = [] { std::this_thread::sleep_for(drilled_hang); };
  // The kernel's: std::random_device asks the processor what it is whenever one is made, which a virtual machine traps.
  outside.random = [] {
    std::uint64_t bits = 0;
    if (::getentropy(&bits, sizeof bits) != 0)
      throw std::system_error(errno, std::generic_category(), "cannot draw random numbers");
    return bits;
  };
  outside.load_engine = [address_taken, weights = std::make_shared<engine::weight_store>()](
                          const engine::engine_options& options) {
    address_taken.get();
    return load_gently(options, *weights);
  };
  outside.trim_memory = trim_memory;
  outside.on_core_death = end_process;
  return outside;
}

/// The company while it is there: ended on every way out.
struct running_company {
  company actors;

  running_company(
    caf::actor_system& system, const company_options& options, const world& outside, const model_texts& texts)
      : actors{start_company(system, options, outside, texts)} {}
  running_company(const running_company&) = delete;
  running_company& operator=(const running_company&) = delete;
  ~running_company() { stop_company(actors); }
};

company_status ask_status(caf::scoped_actor& self, const supervisor_actor& supervisor) {
  company_status result;
  self->request(supervisor, 5s, status_atom_v)
    .receive([&](company_status& status) { result = std::move(status); },
      [](const caf::error& error) { spdlog::warn("the supervisor does not answer: {}", caf::to_string(error)); });
  return result;
}

/// How far one model's workers are.
struct model_start {
  bool ready = false;
  bool hope = false;
  /// Why those that failed did.
  std::string reasons = {};
};

std::map<std::string, model_start> starts_of(const company_status& status) {
  std::map<std::string, model_start> models;
  for (const worker_status& worker : status.workers) {
    auto& model = models[worker.model];
    model.ready = model.ready || worker.state == worker_state::ready || worker.state == worker_state::unloaded;
    model.hope = model.hope || worker.state != worker_state::failed;
    if (worker.state == worker_state::failed)
      model.reasons += (model.reasons.empty() ? ": worker " : "; worker ") + std::to_string(worker.worker) + " (" +
        worker.device + "): " + worker.reason;
  }
  return models;
}

/// Waits until every model has a worker that can work. False when a signal came first; throws when one never will.
bool wait_for_models(caf::scoped_actor& self, const supervisor_actor& supervisor) {
  while (true) {
    const auto models = starts_of(ask_status(self, supervisor));
    bool all_ready = !models.empty();
    for (const auto& [name, model] : models) {
      if (!model.ready && !model.hope)
        throw std::runtime_error{"no worker of the model '" + name + "' could start" + model.reasons};
      all_ready = all_ready && model.ready;
    }
    if (all_ready)
      return true;
    if (wait_for_stop(load_poll))
      return false;
  }
}

void drain(caf::scoped_actor& self, const company& actors, http::server& server, std::chrono::nanoseconds limit) {
  server.begin_drain();
  // The gateway answers within the limit and a second's grace; more than that would hide that it does not.
  self->request(actors.gateway, limit + 5s, drain_atom_v, limit)
    .receive(
      [](std::uint64_t failed) {
        if (failed > 0)
          spdlog::warn("requests that did not end in time and were failed: {}", failed);
      },
      [](const caf::error& error) { spdlog::error("the gateway did not drain: {}", caf::to_string(error)); });
  server.close(close_grace);
}

/// Has the supervisor read the config again, and says what came of it.
void reload(caf::scoped_actor& self, const supervisor_actor& supervisor) {
  notify(reloading());
  self->request(supervisor, 30s, reload_atom_v)
    .receive(
      [](const reload_result& result) {
        notify("READY=1\nSTATUS=" + (result.done ? std::string{"reloaded"} : "reload refused: " + result.reason));
      },
      [](const caf::error& error) {
        spdlog::error("the supervisor did not reload: {}", caf::to_string(error));
        notify("READY=1");
      });
}

std::string url(const config::config& c, std::uint16_t port) {
  const std::string& host = c.http.host;
  const bool ipv6 = host.find(':') != std::string::npos;
  return (c.certificate_path.empty() ? "http://" : "https://") + (ipv6 ? '[' + host + ']' : host) + ':' +
    std::to_string(port);
}

} // namespace

int serve(const std::optional<fs::path>& file, const config::overrides& flags) {
  hold_signals();
  config::config c = read_config(file, flags);
  set_openmp_spin(c.openmp_spin);
  start_logging(c.log);
  http::audit_sink audit = open_audit(c.audit);
  const model_texts texts = prepare_models(c);

  company_config actor_config;
  caf::actor_system system{actor_config};
  const gatekeeping gate{c};
  const auto reread = [file, flags, c, gate] { return read_again(file, flags, c, gate); };
  // A port in use ends the program at once, not after a model has been loaded.
  std::promise<void> address_taken;
  const running_company company{system, c.company, real_world(address_taken.get_future().share(), reread), texts};
  http::environment outside = http::real_environment();
  outside.keys = gate.keys;
  outside.tls = gate.tls;
  outside.audit = std::move(audit);
  http::server server{
    c.http, std::move(outside), [&system, &actors = company.actors](std::uint16_t index, http::poster post) {
      return http::make_edge(system,
        {actors.gateway, actors.cache, actors.supervisor, actors.metrics, actors.tokens_desk}, index, std::move(post));
    }};
  if (const auto socket = inherited_socket())
    server.adopt(*socket);
  else
    server.bind();
  address_taken.set_value();

  caf::scoped_actor self{system};
  spdlog::debug("loading {} model(s) on {} worker(s)", c.models.size(), c.company.workers.size());
  const bool ready = wait_for_models(self, company.actors.supervisor);
  if (ready) {
    server.listen();
    spdlog::info("listening on {}", url(c, server.port()));
    notify("READY=1\nSTATUS=listening on " + url(c, server.port()));
    while (wait_for_signal() == signal_word::reload)
      reload(self, company.actors.supervisor);
    notify("STOPPING=1\nSTATUS=draining");
    spdlog::info("draining: running requests have {} s", std::chrono::duration<double>(c.drain_timeout).count());
  }
  exit_on_next_stop();
  if (ready)
    drain(self, company.actors, server, c.drain_timeout);
  spdlog::info("stopped");
  exit_within(exit_grace);
  return 0;
}

} // namespace troupe::app
