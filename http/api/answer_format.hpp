// Answers as JSON: whole, or as the events of a stream.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/api/call.hpp"
#include "http/api/errors.hpp"
#include "http/api/json_out.hpp"

namespace troupe::http::api {

/// All that a finished request got.
struct whole_answer {
  answer_started started;
  /// At least one, in order.
  std::vector<finished_answer::choice> choices;
  answer_finished finished;
};

/// Writes one answer, once. Stream functions append whole events, `data: ...` and an empty line each.
class answer_format {
public:
  virtual ~answer_format() = default;

  /// The body of an answer that is not streamed.
  virtual std::string whole(const whole_answer& answer) = 0;

  /// What comes before any text; may be nothing.
  virtual void open(const answer_started& started, std::string& out) = 0;
  virtual void text(const answer_text& event, std::string& out) = 0;
  /// The end of an answer that went well.
  virtual void close(const answer_started& started, const answer_finished& event, std::string& out) = 0;
  /// The end of a stream that went wrong: one event with the error, and nothing behind it.
  virtual void fail(const refusal& reason, std::string& out);
};

/// Of answers that never stream.
class whole_format : public answer_format {
public:
  void open(const answer_started&, std::string&) override {}
  void text(const answer_text&, std::string&) override {}
  void close(const answer_started&, const answer_finished&, std::string&) override {}
};

std::unique_ptr<answer_format> make_format(answer_style style);

/// As OpenAI's API and the own one call it.
std::string_view finish_word(finish_reason reason);
/// `{"prompt_tokens": ..., "completion_tokens": ..., "total_tokens": ...}`
void write_usage(json_writer& w, const token_usage& usage);
/// The same of work that draws no token: `{"prompt_tokens": ..., "total_tokens": ...}`
void write_prompt_usage(json_writer& w, const token_usage& usage);

} // namespace troupe::http::api
