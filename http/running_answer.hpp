// One request inside the company, as the session that waits for it sees it.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "http/company_port.hpp"

namespace troupe::http {

/// Hands a request in, gathers what comes of it, and detaches when it dies before the end. Lives on its io thread.
///
/// What waits for a reader is bounded: when `most_bytes` of text wait already and more comes, the request is
/// detached as a slow reader's and has failed. Zero sets no bound.
class running_answer : private answer_listener {
public:
  /// `wake` is called when something has come. `place` is the request's in the list that it came in, `[3]`: a failure
  /// of the prompt's field names it too.
  running_answer(company_port& port, native_request request, std::size_t most_bytes, std::function<void()> wake,
    std::string place = {});
  ~running_answer() override;
  running_answer(const running_answer&) = delete;
  running_answer& operator=(const running_answer&) = delete;

  /// What the request's key has left, when it has a rate.
  const std::optional<answer_admitted>& admitted_event() const { return admitted_; }
  const std::optional<answer_started>& started_event() const { return started_; }
  /// All text since the last call.
  std::vector<answer_text> take_text();
  bool has_text() const { return !text_.empty(); }
  /// Whether the end has come; text may still be here.
  bool ended() const { return !std::holds_alternative<std::monostate>(end_); }
  /// Set when it ended well.
  const answer_finished* finished_event() const { return std::get_if<answer_finished>(&end_); }
  /// Set when it ended otherwise.
  const failure* failed_event() const { return std::get_if<failure>(&end_); }

  /// Gives the request up, if its end has not come.
  void detach(detach_reason why);

private:
  void admitted(const answer_admitted& event) override { admitted_ = event; }
  void started(const answer_started& event) override;
  void text(answer_text event) override;
  void finished(const answer_finished& event) override;
  void failed(const failure& reason) override;

  company_port& port_;
  std::size_t most_bytes_;
  std::function<void()> wake_;
  std::string field_;
  std::string place_;
  std::optional<answer_admitted> admitted_;
  std::optional<answer_started> started_;
  std::vector<answer_text> text_;
  std::size_t waiting_bytes_ = 0;
  std::variant<std::monostate, answer_finished, failure> end_;
  bool attached_ = true;
  sink_id sink_ = 0;
};

} // namespace troupe::http
