#include "http/api/openai_format.hpp"

#include <numeric>

#include "http/sse.hpp"

namespace troupe::http::api {

openai_format::openai_format(answer_style style)
    : style_(std::move(style)),
      finished_(std::max<std::size_t>(style_.choices, 1)),
      generated_(finished_.size()) {}

void openai_format::open(const answer_started& started, std::string&) {
  prompt_tokens_ = started.usage.prompt_tokens;
}

std::string openai_format::whole(const whole_answer& answer) {
  std::string out;
  json_writer w{out};
  head(w, object_name(false));
  w.key("choices").begin_array();
  std::uint32_t index = 0;
  for (const auto& choice : answer.choices) {
    w.begin_object().field("index", index);
    write_choice(w, index++, choice);
    w.end_object();
  }
  w.end_array().key("usage");
  write_usage(w, answer.finished.usage);
  w.end_object();
  return out;
}

void openai_format::text(const answer_text& event, std::string& out) {
  const bool ends = event.finish != finish_reason::none;
  if (event.choice >= finished_.size() || finished_[event.choice])
    return;
  generated_[event.choice] = event.generated;
  if (ends || !event.text.empty() || !event.tokens.empty())
    write_more(event, out);
  if (ends)
    finish(event.choice, event.finish, out);
}

void openai_format::close(const answer_started&, const answer_finished& event, std::string& out) {
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

std::string_view openai_format::finish_word_of(std::uint32_t, finish_reason reason) const {
  return finish_word(reason);
}

void openai_format::append_line(std::string& out, const std::string& line) {
  append_event(out, line);
}

void openai_format::head(json_writer& w, std::string_view object) const {
  w.begin_object().field("id", std::string{id_prefix()} + style_.request_id).field("object", object);
  w.field("created", style_.created).field("model", style_.model);
  w.key("system_fingerprint").string_or_null(style_.fingerprint);
}

void openai_format::write_usage_so_far(json_writer& w) const {
  w.key("usage");
  if (style_.usage_in_chunks)
    write_usage(w, {prompt_tokens_, std::accumulate(generated_.begin(), generated_.end(), std::uint32_t{0})});
  else
    w.null();
}

void openai_format::finish(std::uint32_t index, finish_reason reason, std::string& out) {
  finished_[index] = true;
  chunk(out, index, finish_word_of(index, reason), [&](json_writer& w) { write_nothing(w); });
}

} // namespace troupe::http::api
