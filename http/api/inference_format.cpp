// The own API's answers.
#include <chrono>

#include "http/api/inference.hpp"
#include "http/sse.hpp"

namespace troupe::http::api {

namespace {

class inference_format : public answer_format {
public:
  explicit inference_format(answer_style style) : style_(std::move(style)) {}

  std::string whole(const whole_answer& answer) override {
    std::string out;
    json_writer w{out};
    w.begin_object().field("response", answer.choices.at(0).text);
    metadata(w, answer.started, answer.finished, answer.choices.at(0).finish);
    w.end_object();
    return out;
  }

  void open(const answer_started&, std::string&) override {}

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
    w.field("latency", seconds_of(finished.latency))
      .field("time_to_first_token", seconds_of(finished.time_to_first_token));
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

std::unique_ptr<answer_format> make_inference_format(answer_style style) {
  return std::make_unique<inference_format>(std::move(style));
}

} // namespace troupe::http::api
