// One client's connection, from its first byte to its last.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include "http/access.hpp"
#include "http/api/admin.hpp"
#include "http/api/answer_format.hpp"
#include "http/audit.hpp"
#include "http/company_port.hpp"
#include "http/connection.hpp"
#include "http/options.hpp"
#include "http/raw_head.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "http/router.hpp"
#include "http/server.hpp"

namespace troupe::http {

class answer_group;
class session;

/// What the sessions of one io thread share. Used on that thread only.
struct session_context {
  session_context(const options& o, environment& e) : opts(o), outside(e) {}

  const options& opts;
  environment& outside;
  company_port* port = nullptr;
  read_scratch scratch{};
  std::set<session*> sessions;
  /// Connections end after the answer they are at.
  bool draining = false;
  /// `/health` looks at counters that are at most this old, so that a probe costs next to nothing.
  std::optional<metrics_snapshot> recent_metrics;
  steady_time recent_metrics_time{};
};

/// Serves one connection: one coroutine that reads a request, answers it, and begins again.
class session : public std::enable_shared_from_this<session> {
public:
  session(net::ip::tcp::socket socket, session_context& context);
  ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  /// The whole life of the connection.
  net::awaitable<void> run();

  /// Ends the connection when no request is under way.
  void end_when_idle() { connection_->notify(); }
  /// Ends it at once. Its request, if any, is given up.
  void cut() {
    cut_by_server_ = true;
    connection_->cut();
  }

private:
  /// Reading. Each returns false when there is no request to answer: the connection ended, or `refused_` is set.
  net::awaitable<bool> read_request();
  net::awaitable<bool> read_head();
  net::awaitable<bool> read_body();
  net::awaitable<bool> read_body_by_length();
  net::awaitable<bool> read_chunked_body();
  net::awaitable<bool> more_input(steady_time until);
  bool refuse(int status, std::string message);
  /// Looks at who asks, and says whether the request may be read on.
  bool let_in();

  /// Answering. Each returns whether the connection can go on.
  net::awaitable<bool> answer_request();
  net::awaitable<bool> answer_text(route to);
  net::awaitable<bool> answer_whole(answer_group& running, api::answer_format& format, std::size_t choices);
  net::awaitable<bool> answer_stream(answer_group& running, api::answer_format& format);
  net::awaitable<bool> stream_events(answer_group& running, api::answer_format& format, std::string head);
  api::call_context call_context() const;
  /// A request for text, read: what the company is asked, and who writes the answer.
  struct text_call {
    std::vector<native_request> requests;
    bool stream = false;
    std::size_t choices = 1;
    /// How many of the requests are in the company at once; 0 for all.
    std::size_t window = 0;
    std::unique_ptr<api::answer_format> format;
  };
  text_call read_call(endpoint to) const;
  std::variant<text_call, api::refusal> try_read_call(endpoint to) const;
  response answer_at_once(const route& to) const;
  net::awaitable<response> answer_operator(const route& to);
  net::awaitable<response> answer_health(endpoint to);
  net::awaitable<response> answer_live();
  net::awaitable<response> answer_metrics(bool as_text);
  net::awaitable<response> answer_order(endpoint to);
  net::awaitable<response> answer_tokens(endpoint to);
  net::awaitable<response> answer_tokenize(native_request request);
  net::awaitable<response> answer_detokenize(token_list tokens);
  net::awaitable<response> answer_clear();
  net::awaitable<response> answer_drill(api::drill_order order);
  net::awaitable<response> answer_reload();
  net::awaitable<std::optional<metrics_snapshot>> recent_metrics();
  detach_reason end_reason() const;
  /// For the audit log: what is asked, what came of it, and the line itself.
  void note_call(const native_request& request);
  void note_text(const std::string& text) {
    if (audit_.answer)
      *audit_.answer += text;
  }
  void note_end(const answer_group& running);
  void end_audit(bool read);
  bool keeps() const { return facts_.keep_alive && !context_.draining; }
  net::awaitable<bool> send(response answer);
  net::awaitable<bool> send_refusal(const api::refusal& reason);
  std::string head_for(const response& answer, answer_framing framing) const;

  /// Asks the company something and waits for what it says; nothing when that takes too long.
  template <class T, class Ask>
  net::awaitable<std::optional<T>> ask(Ask put, std::chrono::seconds limit);

  const limits& limit() const { return context_.opts.limit; }
  /// The server as this request's key sees it.
  const options& seen() const { return narrowed_ ? *narrowed_ : context_.opts; }

  session_context& context_;
  std::string peer_;
  std::shared_ptr<connection> connection_;
  request request_;
  head_facts facts_;
  std::optional<api::refusal> refused_;
  std::variant<route, no_route> route_;
  caller caller_;
  std::optional<options> narrowed_;
  /// Why whoever asks gets nothing.
  std::optional<api::refusal> denied_;
  audit_entry audit_;
  std::string request_id_;
  steady_time head_time_;
  steady_time opened_ = std::chrono::steady_clock::now();
  /// A request was read, whatever became of it.
  bool answered_ = false;
  bool cut_by_server_ = false;
};

} // namespace troupe::http
