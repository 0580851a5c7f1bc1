#include "http/api/openai_format.hpp"

#include "http/api/logprobs_out.hpp"
#include "http/sse.hpp"

namespace troupe::http::api {

namespace {

/// What chat and legacy completions share: the frame of bodies and chunks, choices by index, how a stream ends.
class openai_format : public answer_format {
public:
  explicit openai_format(answer_style style)
      : style_(std::move(style)),
        finished_(std::max<std::size_t>(style_.choices, 1)) {}

  std::string whole(const whole_answer& answer) override {
    std::string out;
    json_writer w{out};
    head(w, object_name(false));
    w.key("choices").begin_array();
    std::size_t index = 0;
    for (const auto& choice : answer.choices) {
      w.begin_object().field("index", index++);
      write_choice(w, choice);
      w.field("finish_reason", finish_word(choice.finish)).end_object();
    }
    w.end_array().key("usage");
    write_usage(w, answer.finished.usage);
    w.end_object();
    return out;
  }

  void text(const answer_text& event, std::string& out) override {
    if (!event.text.empty() || !event.tokens.empty())
      chunk(out, event.choice, finish_reason::none, [&](json_writer& w) { write_delta(w, event); });
    if (event.finish != finish_reason::none)
      finish(event.choice, event.finish, out);
  }

  void close(const answer_started&, const answer_finished& event, std::string& out) override {
    for (std::uint32_t i = 0; i < finished_.size(); ++i)
      if (!finished_[i])
        finish(i, finish_reason::stop, out);
    if (style_.include_usage) {
      std::string line;
      json_writer w{line};
      head(w, object_name(true));
      w.key("choices").begin_array().end_array().key("usage");
      write_usage(w, event.usage);
      w.end_object();
      append_event(out, line);
    }
    append_event(out, "[DONE]");
  }

protected:
  virtual std::string_view object_name(bool chunk) const = 0;
  virtual std::string_view id_prefix() const = 0;
  /// Text and logprobs of a whole choice.
  virtual void write_choice(json_writer& w, const finished_answer::choice& choice) const = 0;
  /// More of one choice.
  virtual void write_delta(json_writer& w, const answer_text& event) = 0;
  /// What a choice's last chunk holds in place of text.
  virtual void write_nothing(json_writer& w) const = 0;

  template <class Write>
  void chunk(std::string& out, std::uint32_t index, finish_reason finish, Write write) const {
    std::string line;
    json_writer w{line};
    head(w, object_name(true));
    w.key("choices").begin_array().begin_object().field("index", index);
    write(w);
    w.key("finish_reason").string_or_null(finish == finish_reason::none ? "" : finish_word(finish));
    w.end_object().end_array();
    if (style_.include_usage)
      w.key("usage").null();
    w.end_object();
    append_event(out, line);
  }

  answer_style style_;

private:
  void head(json_writer& w, std::string_view object) const {
    w.begin_object().field("id", std::string{id_prefix()} + style_.request_id).field("object", object);
    w.field("created", style_.created).field("model", style_.model);
    w.key("system_fingerprint").string_or_null(style_.fingerprint);
  }

  void finish(std::uint32_t index, finish_reason reason, std::string& out) {
    if (index < finished_.size())
      finished_[index] = true;
    chunk(out, index, reason, [&](json_writer& w) { write_nothing(w); });
  }

  /// Which choices have had their finish reason.
  std::vector<bool> finished_;
};

class chat_format final : public openai_format {
public:
  using openai_format::openai_format;

  void open(std::string& out) override {
    for (std::uint32_t i = 0; i < std::max<std::uint32_t>(style_.choices, 1); ++i)
      chunk(out, i, finish_reason::none, [](json_writer& w) {
        w.key("delta").begin_object().field("role", "assistant").field("content", "").end_object();
        w.key("logprobs").null();
      });
  }

private:
  std::string_view object_name(bool chunk) const override {
    return chunk ? "chat.completion.chunk" : "chat.completion";
  }
  std::string_view id_prefix() const override { return "chatcmpl-"; }

  void write_choice(json_writer& w, const finished_answer::choice& choice) const override {
    w.key("message").begin_object().field("role", "assistant").field("content", choice.text);
    w.key("refusal").null().end_object();
    w.key("logprobs");
    if (style_.logprobs)
      write_chat_logprobs(w, choice.tokens);
    else
      w.null();
  }

  void write_delta(json_writer& w, const answer_text& event) override {
    w.key("delta").begin_object().field("content", event.text).end_object();
    w.key("logprobs");
    if (style_.logprobs && !event.tokens.empty())
      write_chat_logprobs(w, event.tokens);
    else
      w.null();
  }

  void write_nothing(json_writer& w) const override {
    w.key("delta").begin_object().end_object().key("logprobs").null();
  }
};

class completion_format final : public openai_format {
public:
  explicit completion_format(answer_style style) : openai_format(std::move(style)), offsets_(style_.choices + 1) {}

  void open(std::string&) override {}

private:
  std::string_view object_name(bool) const override { return "text_completion"; }
  std::string_view id_prefix() const override { return "cmpl-"; }

  void write_choice(json_writer& w, const finished_answer::choice& choice) const override {
    std::size_t offset = 0;
    w.field("text", choice.text).key("logprobs");
    logprobs(w, choice.tokens, offset);
  }

  void write_delta(json_writer& w, const answer_text& event) override {
    w.field("text", event.text).key("logprobs");
    logprobs(w, event.tokens, offsets_[std::min<std::size_t>(event.choice, offsets_.size() - 1)]);
  }

  void write_nothing(json_writer& w) const override { w.field("text", "").key("logprobs").null(); }

  void logprobs(json_writer& w, const std::vector<token_logprob>& tokens, std::size_t& offset) const {
    if (style_.logprobs && !tokens.empty())
      write_completion_logprobs(w, tokens, style_.top_logprobs, offset);
    else
      w.null();
  }

  /// Characters of each choice's text that have been written with logprobs.
  std::vector<std::size_t> offsets_;
};

} // namespace

std::unique_ptr<answer_format> make_chat_format(answer_style style) {
  return std::make_unique<chat_format>(std::move(style));
}

std::unique_ptr<answer_format> make_completion_format(answer_style style) {
  return std::make_unique<completion_format>(std::move(style));
}

} // namespace troupe::http::api
