#include "http/api/answer_format.hpp"

#include <bit>
#include <chrono>

#include "http/api/json_out.hpp"
#include "http/sse.hpp"

namespace troupe::http::api {

namespace {

std::string_view finish_word(finish_reason reason) {
  return reason == finish_reason::length ? "length" : "stop";
}

double seconds(timespan t) {
  return std::chrono::duration<double>(t).count();
}

void write_usage(json_writer& w, const token_usage& usage) {
  w.begin_object().field("prompt_tokens", usage.prompt_tokens).field("completion_tokens", usage.completion_tokens);
  w.field("total_tokens", std::uint64_t{usage.prompt_tokens} + usage.completion_tokens).end_object();
}

void write_logprobs(json_writer& w, const std::vector<token_logprob>& tokens) {
  w.begin_object().key("content").begin_array();
  for (const auto& t : tokens) {
    w.begin_object().field("token", t.bytes).field("logprob", std::bit_cast<float>(t.logprob_bits));
    w.key("bytes").begin_array();
    for (unsigned char byte : t.bytes)
      w.value(static_cast<unsigned>(byte));
    w.end_array().key("top_logprobs").begin_array().end_array().end_object();
  }
  w.end_array().key("refusal").null().end_object();
}

/// Chat and legacy completions differ in their names and in how a choice holds its text.
class openai_format : public answer_format {
public:
  explicit openai_format(answer_style style) : style_(std::move(style)), chat_(style_.shape == answer_shape::chat) {}

  std::string whole(const whole_answer& answer) override {
    std::string out;
    json_writer w{out};
    head(w, chat_ ? "chat.completion" : "text_completion");
    w.key("choices").begin_array().begin_object().field("index", 0);
    if (chat_) {
      w.key("message").begin_object().field("role", "assistant").field("content", answer.text);
      w.key("refusal").null().end_object();
    } else {
      w.field("text", answer.text);
    }
    logprobs(w, answer.tokens, style_.logprobs);
    w.field("finish_reason", finish_word(answer.finish)).end_object().end_array();
    w.key("usage");
    write_usage(w, answer.finished.usage);
    w.end_object();
    return out;
  }

  void open(std::string& out) override {
    if (!chat_)
      return;
    chunk(
      out,
      [](
        json_writer& w) { w.key("delta").begin_object().field("role", "assistant").field("content", "").end_object(); },
      {}, finish_reason::none);
  }

  void text(const answer_text& event, std::string& out) override {
    const bool ends = event.finish != finish_reason::none;
    if (!event.text.empty() || !event.tokens.empty()) {
      chunk(
        out,
        [&](json_writer& w) {
          if (chat_)
            w.key("delta").begin_object().field("content", event.text).end_object();
          else
            w.field("text", event.text);
        },
        event.tokens, finish_reason::none);
    }
    if (ends)
      finish(event.finish, out);
  }

  void close(const answer_started&, const answer_finished& event, std::string& out) override {
    if (!has_finish_)
      finish(finish_reason::stop, out);
    if (style_.include_usage) {
      std::string data;
      json_writer w{data};
      head(w, chunk_name());
      w.key("choices").begin_array().end_array().key("usage");
      write_usage(w, event.usage);
      w.end_object();
      append_event(out, data);
    }
    append_event(out, "[DONE]");
  }

private:
  std::string_view chunk_name() const { return chat_ ? "chat.completion.chunk" : "text_completion"; }

  void head(json_writer& w, std::string_view object) const {
    w.begin_object().field("id", (chat_ ? "chatcmpl-" : "cmpl-") + style_.request_id).field("object", object);
    w.field("created", style_.created).field("model", style_.model);
  }

  void logprobs(json_writer& w, const std::vector<token_logprob>& tokens, bool wanted) const {
    w.key("logprobs");
    if (wanted)
      write_logprobs(w, tokens);
    else
      w.null();
  }

  void finish(finish_reason reason, std::string& out) {
    has_finish_ = true;
    chunk(
      out,
      [&](json_writer& w) {
        if (chat_)
          w.key("delta").begin_object().end_object();
        else
          w.field("text", "");
      },
      {}, reason);
  }

  template <class Write>
  void chunk(std::string& out, Write write, const std::vector<token_logprob>& tokens, finish_reason finish) const {
    std::string data;
    json_writer w{data};
    head(w, chunk_name());
    w.key("choices").begin_array().begin_object().field("index", 0);
    write(w);
    logprobs(w, tokens, style_.logprobs && !tokens.empty());
    w.key("finish_reason").string_or_null(finish == finish_reason::none ? "" : finish_word(finish));
    w.end_object().end_array();
    if (style_.include_usage)
      w.key("usage").null();
    w.end_object();
    append_event(out, data);
  }

  answer_style style_;
  bool chat_;
  bool has_finish_ = false;
};

class inference_format : public answer_format {
public:
  explicit inference_format(answer_style style) : style_(std::move(style)) {}

  std::string whole(const whole_answer& answer) override {
    std::string out;
    json_writer w{out};
    w.begin_object().field("response", answer.text);
    metadata(w, answer.started, answer.finished, answer.finish);
    w.end_object();
    return out;
  }

  void open(std::string&) override {}

  void text(const answer_text& event, std::string& out) override {
    if (event.finish != finish_reason::none)
      finish_ = event.finish;
    if (event.text.empty())
      return;
    std::string data;
    json_writer w{data};
    w.begin_object().field("delta", event.text).end_object();
    append_event(out, data);
  }

  void close(const answer_started& started, const answer_finished& event, std::string& out) override {
    std::string data;
    json_writer w{data};
    w.begin_object();
    metadata(w, started, event, finish_);
    w.end_object();
    append_event(out, data);
    append_event(out, "[DONE]");
  }

private:
  void metadata(
    json_writer& w, const answer_started& started, const answer_finished& finished, finish_reason finish) const {
    w.key("metadata").begin_object().field("request_id", style_.request_id).field("model", style_.model);
    w.field("latency", seconds(finished.latency)).field("time_to_first_token", seconds(finished.time_to_first_token));
    w.field("cache_hit", started.cache == cache_state::hit);
    w.field("prompt_tokens", finished.usage.prompt_tokens);
    w.field("completion_tokens", finished.usage.completion_tokens);
    w.field("finish_reason", finish_word(finish));
    w.field("truncated_messages", finished.truncated_messages).end_object();
  }

  answer_style style_;
  finish_reason finish_ = finish_reason::none;
};

} // namespace

std::unique_ptr<answer_format> make_format(answer_style style) {
  if (style.shape == answer_shape::inference)
    return std::make_unique<inference_format>(std::move(style));
  return std::make_unique<openai_format>(std::move(style));
}

void append_error_event(const refusal& reason, std::string& out) {
  append_event(out, error_body(reason));
}

} // namespace troupe::http::api
