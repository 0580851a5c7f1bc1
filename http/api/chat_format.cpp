// Answers of the chat endpoint: content, thoughts and tool calls.
#include <iterator>

#include "http/api/chat_parts.hpp"
#include "http/api/logprobs_out.hpp"
#include "http/api/openai_format.hpp"

namespace troupe::http::api {

namespace {

class chat_format final : public openai_format {
public:
  explicit chat_format(answer_style style) : openai_format(std::move(style)) {
    for (std::uint32_t i = 0; i < choices(); ++i)
      parts_.emplace_back(style_.chat);
    untold_.resize(choices());
  }

  void open(const answer_started& started, std::string& out) override {
    openai_format::open(started, out);
    for (std::uint32_t i = 0; i < choices(); ++i)
      chunk(out, i, {}, [](json_writer& w) {
        w.key("delta").begin_object().field("role", "assistant").field("content", "").end_object();
        w.key("logprobs").null();
      });
  }

private:
  std::string_view object_name(bool chunk) const override {
    return chunk ? "chat.completion.chunk" : "chat.completion";
  }
  std::string_view id_prefix() const override { return "chatcmpl-"; }

  std::string_view finish_word_of(std::uint32_t choice, finish_reason reason) const override {
    return reason == finish_reason::stop && parts_[choice].calls() > 0 ? "tool_calls" : finish_word(reason);
  }

  void write_choice(json_writer& w, std::uint32_t index, const finished_answer::choice& choice) override {
    auto& parts = parts_[index];
    auto all = parts.feed(choice.text);
    auto rest = parts.finish();
    std::move(rest.begin(), rest.end(), std::back_inserter(all));
    write_message(w, index, joined(all));
    w.key("logprobs");
    if (style_.logprobs)
      write_chat_logprobs(w, choice.tokens);
    else
      w.null();
    w.field("finish_reason", finish_word_of(index, choice.finish));
  }

  void write_message(json_writer& w, std::uint32_t index, const chat_message_parts& message) const {
    w.key("message").begin_object().field("role", "assistant").key("content");
    if (message.content.empty() && !message.calls.empty())
      w.null();
    else
      w.value(message.content);
    if (!message.reasoning.empty())
      w.field("reasoning_content", message.reasoning);
    if (!message.calls.empty()) {
      w.key("tool_calls").begin_array();
      std::size_t call = 0;
      for (const auto& [name, arguments] : message.calls) {
        w.begin_object().field("id", call_id(index, call++)).field("type", "function");
        w.key("function").begin_object().field("name", name).field("arguments", arguments).end_object().end_object();
      }
      w.end_array();
    }
    w.key("refusal").null().end_object();
  }

  void write_more(const answer_text& event, std::string& out) override {
    auto& untold = untold_[event.choice];
    untold.insert(untold.end(), event.tokens.begin(), event.tokens.end());
    auto& parts = parts_[event.choice];
    auto all = parts.feed(event.text);
    if (event.finish != finish_reason::none) {
      auto rest = parts.finish();
      std::move(rest.begin(), rest.end(), std::back_inserter(all));
    }
    for (const auto& part : all)
      write_part(event.choice, part, out);
    // Tokens whose text is all markup.
    if (event.finish != finish_reason::none && style_.logprobs && !untold.empty())
      write_part(event.choice, {chat_part::kind::content, 0, {}}, out);
  }

  void write_part(std::uint32_t index, const chat_part& part, std::string& out) {
    chunk(out, index, {}, [&](json_writer& w) {
      w.key("delta").begin_object();
      write_delta(w, index, part);
      w.end_object().key("logprobs");
      auto& untold = untold_[index];
      if (style_.logprobs && !untold.empty())
        write_chat_logprobs(w, untold);
      else
        w.null();
      untold.clear();
    });
  }

  void write_delta(json_writer& w, std::uint32_t index, const chat_part& part) const {
    switch (part.what) {
    case chat_part::kind::content:
      w.field("content", part.text);
      return;
    case chat_part::kind::reasoning:
      w.field("reasoning_content", part.text);
      return;
    case chat_part::kind::call:
      w.key("tool_calls").begin_array().begin_object().field("index", part.call);
      w.field("id", call_id(index, part.call)).field("type", "function");
      w.key("function").begin_object().field("name", part.text).field("arguments", "").end_object();
      w.end_object().end_array();
      return;
    case chat_part::kind::arguments:
      w.key("tool_calls").begin_array().begin_object().field("index", part.call);
      w.key("function").begin_object().field("arguments", part.text).end_object().end_object().end_array();
      return;
    }
  }

  void write_nothing(json_writer& w) const override {
    w.key("delta").begin_object().end_object().key("logprobs").null();
  }

  std::string call_id(std::uint32_t choice, std::size_t call) const {
    return "call_" + style_.request_id + "_" + std::to_string(choice) + "_" + std::to_string(call);
  }

  std::vector<chat_parts> parts_;
  /// Logprobs of each choice that no chunk has carried yet.
  std::vector<std::vector<token_logprob>> untold_;
};

} // namespace

std::unique_ptr<answer_format> make_chat_format(answer_style style) {
  return std::make_unique<chat_format>(std::move(style));
}

} // namespace troupe::http::api
