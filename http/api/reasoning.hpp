// Thoughts and answer, told apart while the text arrives.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::http::api {

/// What a piece of text turned out to be. Reasoning comes before content.
struct reasoning_text {
  std::string reasoning;
  std::string content;
};

/// Splits `<think>...</think>` from the answer behind it. Thoughts are where an answer begins, after blanks at most: a
/// `<think>` further on is content, and an answer without one is all content. Thoughts that are not closed have no
/// answer behind them. Blank lines behind `</think>` are dropped, everything else is verbatim. What comes out does not
/// depend on where the text is cut; what cannot be a marker goes out at once. Not thread safe.
class reasoning_stream {
public:
  /// `inside`: the chat template has written `<think>`. A model that writes it again is forgiven.
  explicit reasoning_stream(bool inside = false) : inside_(inside) {}

  reasoning_text feed(std::string_view text);
  /// The text is at its end: gives what was held. Nothing may be fed after this.
  reasoning_text finish();

private:
  enum class place : std::uint8_t { beginning, thoughts, gap, answer };

  void step(char c, reasoning_text& out);
  void step_beginning(char c, reasoning_text& out);
  void step_thoughts(char c, reasoning_text& out);
  void step_gap(char c, reasoning_text& out);
  std::size_t verbatim(std::string_view text, reasoning_text& out) const;

  bool inside_;
  place place_ = place::beginning;
  /// Blanks, then what may be a marker.
  std::string held_;
  std::string marker_;
};

} // namespace troupe::http::api
