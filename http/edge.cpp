#include "http/edge.hpp"

#include <map>
#include <mutex>
#include <utility>
#include <variant>
#include <vector>

namespace troupe::http {

namespace {

/// The edge as its own port sees it: questions, named by a number, beside what the company tells it.
using edge_interface = edge_actor::extend<caf::reacts_to<status_atom, std::uint64_t>,
  caf::reacts_to<snapshot_atom, std::uint64_t>, caf::reacts_to<clear_atom, std::uint64_t>>;

using reply_value = std::variant<std::monostate, company_status, metrics_snapshot, std::uint64_t>;

struct reply {
  std::uint64_t question = 0;
  reply_value value;
};

/// The actor has ended: nothing comes any more.
struct edge_gone {};

using event = std::variant<answer_started, answer_text, answer_finished, answer_failed, reply, edge_gone>;

/// What has gathered for an io thread. The actor puts in, the io thread takes all out; one post is under way at most.
class inbox : public std::enable_shared_from_this<inbox> {
public:
  using receiver = std::function<void(std::vector<event>)>;

  inbox(poster post, receiver receive) : post_(std::move(post)), receive_(std::move(receive)) {}

  void put(event e) {
    std::lock_guard lock{mutex_};
    push(std::move(e));
  }

  /// The actor's last word.
  void close() {
    std::lock_guard lock{mutex_};
    if (closed_)
      return;
    closed_ = true;
    push(edge_gone{});
  }

  bool closed() {
    std::lock_guard lock{mutex_};
    return closed_;
  }

  /// The port is going away: what is here, and what may still come, is nobody's.
  void abandon() {
    std::lock_guard lock{mutex_};
    post_ = nullptr;
    receive_ = nullptr;
    events_.clear();
  }

private:
  void push(event e) {
    if (!post_)
      return;
    events_.push_back(std::move(e));
    if (!posted_) {
      posted_ = true;
      post_([self = shared_from_this()] { self->hand_over(); });
    }
  }

  void hand_over() {
    std::vector<event> taken;
    receiver receive;
    {
      std::lock_guard lock{mutex_};
      posted_ = false;
      taken.swap(events_);
      receive = receive_;
    }
    if (receive)
      receive(std::move(taken));
  }

  std::mutex mutex_;
  std::vector<event> events_;
  bool posted_ = false;
  bool closed_ = false;
  poster post_;
  receiver receive_;
};

struct edge_state {
  edge_company company;
};

edge_interface::behavior_type edge(
  edge_interface::stateful_pointer<edge_state> self, edge_company company, std::shared_ptr<inbox> in) {
  self->state.company = std::move(company);
  self->attach_functor([in] { in->close(); });
  self->set_down_handler([self, in](const caf::down_msg&) {
    in->close();
    self->quit();
  });
  self->monitor(self->state.company.gateway);
  return {
    [in](answer_started& e) { in->put(std::move(e)); },
    [in](answer_text& e) { in->put(std::move(e)); },
    [in](answer_finished& e) { in->put(std::move(e)); },
    [in](answer_failed& e) { in->put(std::move(e)); },
    [self, in](status_atom, std::uint64_t question) {
      self->request(self->state.company.supervisor, question_timeout, status_atom_v)
        .then(
          [in, question](company_status& x) {
            in->put(reply{question, std::move(x)});
          },
          [in, question](caf::error&) {
            in->put(reply{question, {}});
          });
    },
    [self, in](snapshot_atom, std::uint64_t question) {
      self->request(self->state.company.metrics, question_timeout, snapshot_atom_v)
        .then(
          [in, question](metrics_snapshot& x) {
            in->put(reply{question, std::move(x)});
          },
          [in, question](caf::error&) {
            in->put(reply{question, {}});
          });
    },
    [self, in](clear_atom, std::uint64_t question) {
      self->request(self->state.company.cache, question_timeout, clear_atom_v)
        .then(
          [in, question](std::uint64_t n) {
            in->put(reply{question, n});
          },
          [in, question](caf::error&) {
            in->put(reply{question, {}});
          });
    },
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
  void clear_cache(std::function<void(std::optional<std::uint64_t>)> done) override {
    ask(clear_atom_v, std::move(done));
  }

private:
  template <class Atom, class T>
  void ask(Atom what, std::function<void(std::optional<T>)> done) {
    const auto question = ++next_question_;
    questions_.emplace(question, [done = std::move(done)](reply_value& value) {
      if (auto* x = std::get_if<T>(&value))
        done(std::move(*x));
      else
        done(std::nullopt);
    });
    if (gone_ || inbox_->closed())
      post_later([this, question] { answer({question, {}}); });
    else
      caf::anon_send(edge_, what, question);
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
    auto found = questions_.find(r.question);
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
