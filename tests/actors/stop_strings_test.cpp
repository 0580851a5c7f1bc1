#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "actors/choice_text.hpp"
#include "actors/stop_strings.hpp"
#include "tests/support/tiny_text.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

struct result {
  std::string text;
  bool stopped;
  friend bool operator==(const result&, const result&) = default;
};

/// Pushes `text` in two pieces split at `at`, and checks that nothing leaks in between.
result split(const std::vector<std::string>& stops, const std::string& text, std::size_t first, std::size_t second) {
  stop_strings filter{stops};
  std::string out = filter.push(text.substr(0, first));
  out += filter.push(text.substr(first, second - first));
  out += filter.push(text.substr(second));
  if (!filter.stopped())
    out += filter.finish();
  return {out, filter.stopped()};
}

} // namespace

TEST_CASE("a stop string ends the text before it, at every split") {
  struct example {
    std::vector<std::string> stops;
    std::string text;
    result expected;
  };
  const std::vector<example> examples{
    {{"STOP"}, "one STOP two", {"one ", true}},
    {{"STOP"}, "one STO two", {"one STO two", false}},
    {{"aab"}, "xaaab", {"xa", true}},
    {{"abab"}, "xababab", {"x", true}},
    {{"ab", "b"}, "xab", {"x", true}},
    {{"abc", "b"}, "xabc", {"xa", true}},
    {{"\n\n", "END"}, "line\nline\nEN\n\nrest", {"line\nline\nEN", true}},
    {{""}, "text", {"text", false}},
    {{}, "text", {"text", false}},
    {{"long stop string"}, "long stop strinG", {"long stop strinG", false}},
    {{"a"}, "a", {"", true}},
    {{"\xc3\xbc"}, "m\xc3\xbcll", {"m", true}},
  };
  for (const auto& one : examples) {
    for (std::size_t first = 0; first <= one.text.size(); ++first) {
      for (std::size_t second = first; second <= one.text.size(); ++second) {
        INFO(one.text << " split at " << first << " and " << second);
        CHECK(split(one.stops, one.text, first, second) == one.expected);
      }
    }
  }
}

TEST_CASE("what could begin a stop string is held back, and nothing more") {
  stop_strings filter{{"<end>"}};
  CHECK(filter.push("text<e") == "text");
  CHECK(filter.push("<e") == "<e");
  CHECK(filter.push("xit") == "<exit");
  CHECK(filter.push("<end") == "");
  CHECK(filter.finish() == "<end");
}

TEST_CASE("after a stop string everything is swallowed") {
  stop_strings filter{{"."}};
  CHECK(filter.push("one. two") == "one");
  CHECK(filter.stopped());
  CHECK(filter.push("three").empty());
  CHECK(filter.finish().empty());
}

TEST_CASE("a choice's text is its tokens' text, whole characters only") {
  choice_text choice{tiny_text(100).tokenizer, {}, false};
  CHECK(choice.push('m', {0, {}, {}}).text == "m");
  CHECK(choice.push(0xc3, {0, {}, {}}).text.empty());
  CHECK(choice.push(0xbc, {0, {}, {}}).text == "\xc3\xbc");
  CHECK(choice.push(tiny_im_end, {0, {}, {}}).text.empty());
  CHECK(choice.push(0xc3, {0, {}, {}}).text.empty());
  CHECK(choice.finish().text == "\xef\xbf\xbd");
}

TEST_CASE("a token's logprob comes out with its text, and those of a stop string never") {
  choice_text choice{tiny_text(100).tokenizer, {"end"}, true};
  CHECK(choice.push('x', {1, {}, {}}).tokens.size() == 1);
  CHECK(choice.push('e', {2, {}, {}}).tokens.empty());
  CHECK(choice.push('n', {3, {}, {}}).tokens.empty());
  const auto released = choice.push('e', {4, {}, {}});
  CHECK(released.text == "en");
  REQUIRE(released.tokens.size() == 2);
  CHECK(released.tokens[0].bytes == "e");
  CHECK(released.tokens[1].logprob_bits == 3);
  CHECK(choice.push('n', {5, {}, {}}).tokens.empty());
  CHECK(choice.push('d', {6, {}, {}}).tokens.empty());
  CHECK(choice.stopped());
  CHECK(choice.finish().tokens.empty());
}

TEST_CASE("the logprobs of half a character wait for its other half") {
  choice_text choice{tiny_text(100).tokenizer, {}, true};
  CHECK(choice.push(0xc3, {1, {}, {}}).tokens.empty());
  const auto whole = choice.push(0xbc, {2, {}, {}});
  REQUIRE(whole.tokens.size() == 2);
  CHECK(whole.tokens[0].bytes == "\xc3");
  CHECK(whole.tokens[1].bytes == "\xbc");
  CHECK(choice.push(0xc3, {3, {}, {}}).tokens.empty());
  CHECK(choice.finish().tokens.size() == 1);
}
