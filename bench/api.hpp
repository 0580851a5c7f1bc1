// The two APIs: what a request says, and what its answer means. Knows bytes, no sockets.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "bench/plan.hpp"
#include "bench/sample.hpp"
#include "bench/workload.hpp"

namespace troupe::bench {

/// An answer that is not one.
class answer_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// A request, ready to be sent by POST.
struct call {
  std::string path;
  std::string body;
  /// Whether to send `Cache-Control: no-store`.
  bool no_store = false;
  /// The whole value of the header; empty for none.
  std::string authorization = {};
};

/// Puts a question into the plan's API.
call make_call(const plan& p, const question& q);

/// Reads an answer of POST /api/v1/inference into `out`: tokens, cache hit, and the server's time to first token.
/// Throws `answer_error`.
void read_inference_answer(std::string_view body, sample& out);

/// What to say of an answer with an error status: the status, and the message if its body holds one.
std::string describe_error(unsigned status, std::string_view body);

/// Reads a stream of POST /v1/chat/completions.
class stream_reader {
public:
  /// Takes the next bytes, which came `seconds` after the request. Throws `answer_error` where an event is an error
  /// or no JSON.
  void feed(std::string_view bytes, double seconds);

  /// Ends the stream and writes tokens and time to first token to `out`. Throws `answer_error` where `[DONE]` has
  /// not come.
  void finish(sample& out) const;

private:
  void take_line(std::string_view line, double seconds);
  void take_event(std::string_view event, double seconds);

  std::string line_;
  std::string event_;
  std::optional<double> first_token_;
  std::optional<std::int64_t> tokens_;
  bool done_ = false;
};

} // namespace troupe::bench
