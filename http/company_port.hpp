// What the HTTP side wants from the company, without an actor in sight.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "actors/protocol/types.hpp"

namespace troupe::http {

/// Hears how one request goes. Called on the io thread of its port, in the order of the events: `admitted` first, if
/// its key has a rate, `started` at most once and before any text, then exactly one of `finished` and `failed`. Nothing
/// comes after a detach.
class answer_listener {
public:
  virtual ~answer_listener() = default;
  virtual void admitted(const answer_admitted& event) = 0;
  virtual void started(const answer_started& event) = 0;
  virtual void text(answer_text event) = 0;
  virtual void finished(const answer_finished& event) = 0;
  virtual void failed(const failure& reason) = 0;
};

/// The company as the connections of one io thread see it. Everything is called, and calls back, on that thread;
/// nothing calls back before the call that caused it has returned.
class company_port {
public:
  virtual ~company_port() = default;

  /// Hands a request in. `listener` must live until its end was told or it was detached.
  virtual sink_id submit(native_request request, answer_listener& listener) = 0;

  /// The listener is not interested any more; its run ends when it was the last one. Unknown ids are ignored.
  virtual void detach(sink_id sink, detach_reason why) = 0;

  /// Operators' questions. The callback gets nothing when the company cannot say.
  virtual void ask_status(std::function<void(std::optional<company_status>)> done) = 0;
  virtual void ask_metrics(std::function<void(std::optional<metrics_snapshot>)> done) = 0;
  /// All numbers in the text format of Prometheus.
  virtual void expose_metrics(std::function<void(std::optional<std::string>)> done) = 0;

  /// A request's prompt as tokens. Only its prompt counts.
  virtual void tokenize(native_request request, std::function<void(std::optional<encoded_prompt>)> done) = 0;
  /// The text of some tokens, special ones written out.
  virtual void detokenize(token_list tokens, std::function<void(std::optional<std::string>)> done) = 0;

  // Operators' orders; the same holds for their callbacks.
  /// Empties the response cache; the callback gets the number of answers that were in it.
  virtual void clear_cache(std::function<void(std::optional<std::uint64_t>)> done) = 0;
  /// Has a worker fail on purpose.
  virtual void drill(worker_id worker, drill_kind what, std::function<void(std::optional<order_result>)> done) = 0;
  /// Has the config's workers read again.
  virtual void reload(std::function<void(std::optional<reload_result>)> done) = 0;
};

/// Runs a function on an io thread. May be called from any thread.
using poster = std::function<void(std::function<void()>)>;

/// Makes the port of io thread number `index`. Called before the threads run; the port dies after they have ended.
using port_factory = std::function<std::unique_ptr<company_port>(std::uint16_t index, poster post)>;

} // namespace troupe::http
