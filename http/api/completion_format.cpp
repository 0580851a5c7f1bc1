// Answers of the legacy completions endpoint.
#include "http/api/logprobs_out.hpp"
#include "http/api/openai_format.hpp"

namespace troupe::http::api {

namespace {

class completion_format final : public openai_format {
public:
  explicit completion_format(answer_style style) : openai_format(std::move(style)), offsets_(choices()) {}

private:
  std::string_view object_name(bool) const override { return "text_completion"; }
  std::string_view id_prefix() const override { return "cmpl-"; }

  void write_choice(json_writer& w, std::uint32_t, const finished_answer::choice& choice) override {
    std::size_t offset = 0;
    w.field("text", choice.text).key("logprobs");
    logprobs(w, choice.tokens, offset);
    w.field("finish_reason", finish_word(choice.finish));
  }

  void write_more(const answer_text& event, std::string& out) override {
    if (event.text.empty() && event.tokens.empty())
      return;
    chunk(out, event.choice, {}, [&](json_writer& w) {
      w.field("text", event.text).key("logprobs");
      logprobs(w, event.tokens, offsets_[event.choice]);
    });
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

std::unique_ptr<answer_format> make_completion_format(answer_style style) {
  return std::make_unique<completion_format>(std::move(style));
}

} // namespace troupe::http::api
