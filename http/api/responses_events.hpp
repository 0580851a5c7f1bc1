// Answers in the shape of OpenAI's responses: whole, or as the named events of a stream.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/api/answer_format.hpp"
#include "http/api/json_out.hpp"
#include "http/api/responses.hpp"

namespace troupe::http::api {

/// Writes one response, with one message of one text. A stream's events have a name beside their data and are counted;
/// the last says how the response ended, and nothing comes behind it. Not thread safe.
class responses_format : public answer_format {
public:
  explicit responses_format(responses_style style) : style_(std::move(style)) {}

  std::string whole(const whole_answer& answer) override;

  void open(const answer_started& started, std::string& out) override;
  void text(const answer_text& event, std::string& out) override;
  void close(const answer_started& started, const answer_finished& event, std::string& out) override;
  void fail(const refusal& reason, std::string& out) override;

private:
  /// What of a response changes as it comes about. Empty views and null pointers are null on the wire.
  struct standing {
    std::string_view status;
    std::string_view incomplete;
    const refusal* error = nullptr;
    const token_usage* usage = nullptr;
    bool has_item = false;
  };

  void response(json_writer& w, const standing& now) const;
  void request_fields(json_writer& w) const;
  void item(json_writer& w, std::string_view status, bool has_part) const;
  void part(json_writer& w) const;
  void open_item(std::string& out);
  void close_item(std::string_view status, std::string& out);
  std::string item_id() const { return "msg_" + style_.request_id; }

  /// Appends an event; `write` adds the fields beside type and number.
  template <class Write>
  void event(std::string_view type, std::string& out, Write write);
  template <class Write>
  void part_event(std::string_view type, std::string& out, Write write);
  void response_event(std::string_view type, const standing& now, std::string& out);

  responses_style style_;
  std::string text_;
  finish_reason finish_ = finish_reason::none;
  bool has_item_ = false;
  std::uint64_t next_ = 0;
};

} // namespace troupe::http::api
