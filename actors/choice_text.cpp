#include "actors/choice_text.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace troupe {

choice_text::choice_text(
  std::shared_ptr<const text::tokenizer> tokens, std::vector<std::string> stops, bool logprobs, text::specials mode)
    : tokens_{std::move(tokens)},
      decoder_{tokens_, mode},
      stops_{std::move(stops)},
      logprobs_{logprobs} {}

void append(text_delta& to, text_delta more) {
  to.text += more.text;
  std::move(more.tokens.begin(), more.tokens.end(), std::back_inserter(to.tokens));
}

token_logprob logprob_entry(const text::tokenizer& tokens, token_id token, const token_score& score) {
  token_logprob out;
  out.token = token;
  out.bytes = tokens.token_bytes(token);
  out.logprob_bits = score.logprob_bits;
  for (std::size_t i = 0; i < std::min(score.top.size(), score.top_bits.size()); ++i)
    out.top.push_back({score.top[i], tokens.token_bytes(score.top[i]), score.top_bits[i]});
  return out;
}

text_delta choice_text::push(token_id token, const token_score& score) {
  const std::string text = decoder_.push(token);
  if (logprobs_)
    held_.push_back({logprob_entry(*tokens_, token, score), {}});
  if (!text.empty()) {
    decoded_ += text.size();
    place_entries();
  }
  return release(stops_.push(text));
}

text_delta choice_text::finish() {
  const std::string text = decoder_.finish();
  decoded_ += text.size();
  place_entries();
  std::string out = stops_.push(text);
  out += stops_.finish();
  return release(std::move(out));
}

void choice_text::place_entries() {
  for (auto it = held_.rbegin(); it != held_.rend() && !it->end; ++it)
    it->end = decoded_;
}

text_delta choice_text::release(std::string text) {
  released_ += text.size();
  text_delta out{std::move(text), {}};
  while (!held_.empty() && held_.front().end && *held_.front().end <= released_) {
    out.tokens.push_back(std::move(held_.front().entry));
    held_.pop_front();
  }
  return out;
}

} // namespace troupe
