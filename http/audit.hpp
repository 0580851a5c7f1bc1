// One line for each request that wants a key or could want one: who asked for what, and what came of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "actors/protocol/types.hpp"

namespace troupe::http {

/// What is written of one request. Texts only where they were asked for.
struct audit_entry {
  std::string request_id;
  /// Unix time in seconds.
  std::int64_t time = 0;
  std::string method;
  std::string path;
  /// The key's name, or the peer's address.
  std::string client;
  /// Empty without a key.
  std::string tenant;
  /// Empty where no model is asked.
  std::string model;
  /// Zero when no answer was begun.
  int status = 0;
  outcome result = outcome::finished;
  /// Why it failed or was cancelled; empty where that has no word.
  std::string code;
  /// Set where an answer came from the company.
  std::optional<answer_started> started = {};
  std::optional<answer_finished> finished = {};
  /// From the end of the head to the end of the answer.
  timespan latency{0};
  std::optional<std::string> request = {};
  std::optional<std::string> answer = {};
};

/// One JSON object, without a line's end.
std::string audit_line(const audit_entry& entry);

/// Takes a line to where the audit log is. Called from all io threads, also at once.
using audit_sink = std::function<void(const std::string&)>;

} // namespace troupe::http
