// The text of one choice, as its tokens come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/protocol/types.hpp"
#include "actors/stop_strings.hpp"
#include "text/tokenizer.hpp"

namespace troupe {

/// What some tokens add to a choice.
struct text_delta {
  std::string text;
  std::vector<token_logprob> tokens;
};

/// Adds what more tokens gave.
void append(text_delta& to, text_delta more);

/// A token's entry for those who asked for logprobs.
token_logprob logprob_entry(const text::tokenizer& tokens, token_id token, const token_score& score);

/// Detokenizes one choice and ends it at a stop string.
///
/// A token's logprob entry comes out with the token's text and not before: its bytes would tell of a stop string that
/// is being held back. Entries of the tokens that make a stop string do not come at all. Not thread safe.
class choice_text {
public:
  /// `mode` says whether special tokens are text.
  choice_text(std::shared_ptr<const text::tokenizer> tokens, std::vector<std::string> stops, bool logprobs,
    text::specials mode = text::specials::skip);

  /// Takes the next token; `score` counts only where logprobs were asked for. Throws `text::text_error`.
  text_delta push(token_id token, const token_score& score);

  /// No token follows: returns what was held back. It may still bring a stop string to its end.
  text_delta finish();

  /// Whether a stop string has come. Nothing more comes out then.
  bool stopped() const { return stops_.stopped(); }

private:
  void place_entries();
  text_delta release(std::string text);

  struct held_entry {
    token_logprob entry;
    /// How much text had been decoded with this token; not known while its character is not complete.
    std::optional<std::size_t> end;
  };
  std::shared_ptr<const text::tokenizer> tokens_;
  text::stream_decoder decoder_;
  stop_strings stops_;
  bool logprobs_;
  std::deque<held_entry> held_;
  std::size_t decoded_ = 0;
  std::size_t released_ = 0;
};

} // namespace troupe
