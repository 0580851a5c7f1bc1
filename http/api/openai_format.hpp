// Answers as OpenAI's clients read them.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/api/answer_format.hpp"

namespace troupe::http::api {

/// What chat and legacy completions share: the frame of bodies and chunks, choices by index, how a stream ends.
class openai_format : public answer_format {
public:
  explicit openai_format(answer_style style);

  std::string whole(const whole_answer& answer) override;
  void open(const answer_started& started, std::string& out) override;
  void text(const answer_text& event, std::string& out) override;
  void close(const answer_started& started, const answer_finished& event, std::string& out) override;

protected:
  virtual std::string_view object_name(bool chunk) const = 0;
  virtual std::string_view id_prefix() const = 0;
  /// A whole choice between its index and its end, `finish_reason` counted in.
  virtual void write_choice(json_writer& w, std::uint32_t index, const finished_answer::choice& choice) = 0;
  /// Appends the chunks for more of one choice; `event` has text or tokens, or is the choice's last.
  virtual void write_more(const answer_text& event, std::string& out) = 0;
  /// What a choice's last chunk holds in place of text.
  virtual void write_nothing(json_writer& w) const = 0;
  virtual std::string_view finish_word_of(std::uint32_t choice, finish_reason reason) const;

  /// One chunk for one choice; `write` gives what stands between its index and its finish reason.
  template <class Write>
  void chunk(std::string& out, std::uint32_t index, std::string_view finish, Write write) const {
    std::string line;
    json_writer w{line};
    head(w, object_name(true));
    w.key("choices").begin_array().begin_object().field("index", index);
    write(w);
    w.key("finish_reason").string_or_null(finish).end_object().end_array();
    if (style_.include_usage)
      write_usage_so_far(w);
    w.end_object();
    append_line(out, line);
  }

  std::uint32_t choices() const { return static_cast<std::uint32_t>(finished_.size()); }

  answer_style style_;

private:
  static void append_line(std::string& out, const std::string& line);
  void head(json_writer& w, std::string_view object) const;
  void finish(std::uint32_t index, finish_reason reason, std::string& out);
  /// Null unless it was asked for in every chunk.
  void write_usage_so_far(json_writer& w) const;

  /// Which choices have had their finish reason, and the tokens that each has drawn.
  std::vector<bool> finished_;
  std::vector<std::uint32_t> generated_;
  std::uint32_t prompt_tokens_ = 0;
};

/// `chat.completion`, and its chunks.
std::unique_ptr<answer_format> make_chat_format(answer_style style);

/// `text_completion`, whole and in chunks.
std::unique_ptr<answer_format> make_completion_format(answer_style style);

} // namespace troupe::http::api
