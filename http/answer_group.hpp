// The answers that one HTTP request waits for: one for each of its prompts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "http/running_answer.hpp"

namespace troupe::http {

/// Hands several requests in and gathers what comes of them as one answer, whose choices are theirs one after the
/// other. When one fails, all have failed, and the rest is given up. Lives on its io thread.
class answer_group {
public:
  /// `requests` has at least one; all have the same number of choices. `most_bytes` and `wake` are as for
  /// `running_answer`, and hold for each. Only `window` of them are handed in at once, the next as one ends; 0 hands in
  /// all.
  answer_group(company_port& port, std::vector<native_request> requests, std::size_t most_bytes,
    std::function<void()> wake, std::size_t window = 0);
  answer_group(const answer_group&) = delete;
  answer_group& operator=(const answer_group&) = delete;

  /// What the key has left, when it has a rate.
  std::optional<answer_admitted> admitted_event() const;
  /// Set when all have started; `hit` only when all are.
  std::optional<answer_started> started_event() const;
  /// All text since the last call.
  std::vector<answer_text> take_text();
  bool has_text() const;
  /// Whether the end has come; text may still be here.
  bool ended() const { return failed_event() != nullptr || finished_event().has_value(); }
  /// Set when all ended well: usage is their sum, times are the longest.
  std::optional<answer_finished> finished_event() const;
  /// Set when one ended otherwise.
  const failure* failed_event() const;

  /// Gives up whatever has not ended.
  void detach(detach_reason why);

private:
  /// Hands in as many as the window has room for, unless one has failed.
  void hand_in();

  company_port& port_;
  std::size_t most_bytes_;
  std::function<void()> wake_;
  std::size_t window_;
  bool several_;
  std::uint32_t choices_each_;
  /// Not handed in yet, the next one last.
  std::vector<native_request> waiting_;
  std::vector<std::unique_ptr<running_answer>> parts_;
};

} // namespace troupe::http
