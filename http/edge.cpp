#include "http/edge.hpp"

#include <map>
#include <utility>

#include "http/edge_inbox.hpp"

namespace troupe::http {

namespace {

/// The edge as its own port sees it: questions, named by a number, beside what the company tells it.
using edge_interface = edge_actor::extend<caf::reacts_to<status_atom, std::uint64_t>,
  caf::reacts_to<snapshot_atom, std::uint64_t>, caf::reacts_to<expose_atom, std::uint64_t>,
  caf::reacts_to<clear_atom, std::uint64_t>, caf::reacts_to<drill_atom, std::uint64_t, worker_id, drill_kind>,
  caf::reacts_to<reload_atom, std::uint64_t>, caf::reacts_to<tokenize_atom, std::uint64_t, native_request>,
  caf::reacts_to<detokenize_atom, std::uint64_t, token_list>>;

/// Passes a question on to who knows, and puts what comes back into the inbox.
template <class Atom, class Reply, class... Arguments, class Handle>
auto question(
  edge_interface::pointer self, std::shared_ptr<inbox> in, Handle who, std::chrono::seconds limit = question_timeout) {
  return [=](Atom what, std::uint64_t number, Arguments... arguments) {
    self->request(who, limit, what, arguments...)
      .then(
        [in, number](Reply& x) {
          in->put(reply{number, std::move(x)});
        },
        [in, number](caf::error&) {
          in->put(reply{number, {}});
        });
  };
}

edge_interface::behavior_type edge(edge_interface::pointer self, edge_company company, std::shared_ptr<inbox> in) {
  self->attach_functor([in] { in->close(); });
  self->set_down_handler([self, in](const caf::down_msg&) {
    in->close();
    self->quit();
  });
  self->monitor(company.gateway);
  return {
    [in](answer_admitted& e) { in->put(std::move(e)); },
    [in](answer_started& e) { in->put(std::move(e)); },
    [in](answer_text& e) { in->put(std::move(e)); },
    [in](answer_finished& e) { in->put(std::move(e)); },
    [in](answer_failed& e) { in->put(std::move(e)); },
    question<status_atom, company_status>(self, in, company.supervisor),
    question<snapshot_atom, metrics_snapshot>(self, in, company.metrics),
    question<expose_atom, std::string>(self, in, company.metrics),
    question<clear_atom, std::uint64_t>(self, in, company.cache),
    question<drill_atom, order_result, worker_id, drill_kind>(self, in, company.supervisor, order_timeout),
    question<reload_atom, reload_result>(self, in, company.supervisor, order_timeout),
    question<tokenize_atom, encoded_prompt, native_request>(self, in, company.tokens_desk, order_timeout),
    question<detokenize_atom, std::string, token_list>(self, in, company.tokens_desk, order_timeout),
  };
}

/// The port of one io thread. Not thread safe; only the inbox is shared with the actor.
class edge_port : public company_port {
public:
  edge_port(caf::actor_system& system, const edge_company& company, std::uint16_t index, poster post)
      : company_(company),
        next_sink_(std::uint64_t{index} << 48),
        post_(post) {
    inbox_ =
      std::make_shared<inbox>(std::move(post), [this](std::vector<event> events) { receive(std::move(events)); });
    edge_ = system.spawn(edge, company, inbox_);
    reply_to_ = edge_;
  }

  ~edge_port() override {
    inbox_->abandon();
    if (edge_)
      caf::anon_send_exit(edge_, caf::exit_reason::user_shutdown);
  }

  sink_id submit(native_request request, answer_listener& listener) override {
    const auto sink = ++next_sink_;
    sinks_.emplace(sink, &listener);
    if (gone_ || inbox_->closed()) {
      post_later([this, sink] { end_sink(sink); });
      return sink;
    }
    caf::anon_send(company_.gateway, submit_atom_v, std::move(request), reply_to_, sink);
    return sink;
  }

  void detach(sink_id sink, detach_reason why) override {
    if (sinks_.erase(sink) != 0 && !gone_)
      caf::anon_send(company_.gateway, detach_atom_v, sink, why);
  }

  void ask_status(std::function<void(std::optional<company_status>)> done) override {
    ask(status_atom_v, std::move(done));
  }
  void ask_metrics(std::function<void(std::optional<metrics_snapshot>)> done) override {
    ask(snapshot_atom_v, std::move(done));
  }
  void expose_metrics(std::function<void(std::optional<std::string>)> done) override {
    ask(expose_atom_v, std::move(done));
  }
  void clear_cache(std::function<void(std::optional<std::uint64_t>)> done) override {
    ask(clear_atom_v, std::move(done));
  }
  void drill(worker_id worker, drill_kind what, std::function<void(std::optional<order_result>)> done) override {
    ask(drill_atom_v, std::move(done), worker, what);
  }
  void reload(std::function<void(std::optional<reload_result>)> done) override { ask(reload_atom_v, std::move(done)); }
  void tokenize(native_request request, std::function<void(std::optional<encoded_prompt>)> done) override {
    ask(tokenize_atom_v, std::move(done), std::move(request));
  }
  void detokenize(token_list tokens, std::function<void(std::optional<std::string>)> done) override {
    ask(detokenize_atom_v, std::move(done), std::move(tokens));
  }

private:
  template <class Atom, class T, class... Arguments>
  void ask(Atom what, std::function<void(std::optional<T>)> done, Arguments... arguments) {
    const auto number = ++next_question_;
    questions_.emplace(number, [done = std::move(done)](reply_value& value) {
      if (auto* x = std::get_if<T>(&value))
        done(std::move(*x));
      else
        done(std::nullopt);
    });
    if (gone_ || inbox_->closed())
      post_later([this, number] { answer({number, {}}); });
    else
      caf::anon_send(edge_, what, number, std::move(arguments)...);
  }

  /// Calls back after the caller has returned. Dropped when the port has gone by then.
  void post_later(std::function<void()> call) {
    post_([alive = std::weak_ptr<bool>(alive_), call = std::move(call)] {
      if (!alive.expired())
        call();
    });
  }

  void receive(std::vector<event> events) {
    for (auto& e : events)
      std::visit([this](auto& x) { on(x); }, e);
  }

  void on(answer_admitted& e) {
    if (auto* x = find(e.sink))
      x->admitted(e);
  }
  void on(answer_started& e) {
    if (auto* x = find(e.sink))
      x->started(e);
  }
  void on(answer_text& e) {
    if (auto* x = find(e.sink))
      x->text(std::move(e));
  }
  void on(answer_finished& e) {
    if (auto* x = take(e.sink))
      x->finished(e);
  }
  void on(answer_failed& e) {
    if (auto* x = take(e.sink))
      x->failed(e.reason);
  }
  void on(reply& e) { answer(std::move(e)); }

  void on(edge_gone&) {
    gone_ = true;
    edge_ = nullptr;
    reply_to_ = nullptr;
    company_ = {};
    while (!sinks_.empty())
      end_sink(sinks_.begin()->first);
    while (!questions_.empty())
      answer({questions_.begin()->first, {}});
  }

  void end_sink(sink_id sink) {
    if (auto* x = take(sink))
      x->failed({failure_code::draining, "the server is shutting down", {}, {}});
  }

  void answer(reply r) {
    auto found = questions_.find(r.number);
    if (found == questions_.end())
      return;
    auto call = std::move(found->second);
    questions_.erase(found);
    call(r.value);
  }

  answer_listener* find(sink_id sink) {
    auto found = sinks_.find(sink);
    return found == sinks_.end() ? nullptr : found->second;
  }

  answer_listener* take(sink_id sink) {
    auto* listener = find(sink);
    sinks_.erase(sink);
    return listener;
  }

  edge_company company_;
  std::uint64_t next_sink_;
  std::uint64_t next_question_ = 0;
  poster post_;
  std::shared_ptr<inbox> inbox_;
  edge_interface edge_;
  edge_actor reply_to_;
  bool gone_ = false;
  std::map<sink_id, answer_listener*> sinks_;
  std::map<std::uint64_t, std::function<void(reply_value&)>> questions_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace

std::unique_ptr<company_port> make_edge(
  caf::actor_system& system, const edge_company& company, std::uint16_t index, poster post) {
  return std::make_unique<edge_port>(system, company, index, std::move(post));
}

} // namespace troupe::http
