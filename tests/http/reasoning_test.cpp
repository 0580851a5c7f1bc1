#include <catch2/catch.hpp>
#include <vector>

#include "http/api/reasoning.hpp"

using namespace troupe::http::api;

namespace {

struct sample {
  bool inside;
  std::string text;
  std::string reasoning;
  std::string content;
};

const std::vector<sample>& samples() {
  static const std::vector<sample> all{
    {false, "", "", ""},
    {false, " \n", "", " \n"},
    {false, "Plain <b>text</b>", "", "Plain <b>text</b>"},
    {false, "No <think>thoughts</think> here", "", "No <think>thoughts</think> here"},
    {false, " <thin", "", " <thin"},
    {false, "\n<<think>a", "", "\n<<think>a"},
    {false, "<think>\nHm, a < b </thin> <</think>\n\nYes.</think>\n", "\nHm, a < b </thin> <", "Yes.</think>\n"},
    {false, " \n<think></think>Now", "", "Now"},
    {false, "<think>a</think> \t\r\n  \n    code()\n\n", "a", "    code()\n\n"},
    {false, "<think>a</think> \n ", "a", ""},
    {false, "<think>open</th", "open</th", ""},
    {true, "so</think>\nit is", "so", "it is"},
    {true, " </think>it", " ", "it"},
    {true, "\n<think>\nagain</think>", "\nagain", ""},
    {true, "<thing</think>x", "<thing", "x"},
    {true, "never <think> closed", "never <think> closed", ""},
    {true, " <th", " <th", ""},
  };
  return all;
}

reasoning_text read(const sample& s, const std::vector<std::string_view>& pieces) {
  reasoning_stream stream{s.inside};
  reasoning_text all;
  const auto add = [&](const reasoning_text& more) {
    // Content never comes before reasoning.
    CHECK((all.content.empty() || more.reasoning.empty()));
    all.reasoning += more.reasoning;
    all.content += more.content;
  };
  for (auto piece : pieces)
    add(stream.feed(piece));
  add(stream.finish());
  return all;
}

} // namespace

TEST_CASE("thoughts are told from the answer wherever the text is cut", "[tools]") {
  for (const auto& s : samples()) {
    INFO(s.text);
    const std::string_view text = s.text;
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < text.size(); ++i)
      bytes.push_back(text.substr(i, 1));
    const auto slow = read(s, bytes);
    CHECK(slow.reasoning == s.reasoning);
    CHECK(slow.content == s.content);
    for (std::size_t i = 0; i <= text.size(); ++i)
      for (std::size_t j = i; j <= text.size(); ++j) {
        const auto got = read(s, {text.substr(0, i), text.substr(i, j - i), text.substr(j)});
        if (got.reasoning != s.reasoning || got.content != s.content)
          FAIL("cut at " << i << " and " << j << ": '" << got.reasoning << "', '" << got.content << "'");
      }
  }
}

TEST_CASE("thoughts go out before they end, and only a marker waits", "[tools]") {
  reasoning_stream stream;
  CHECK(stream.feed("<thi").reasoning.empty());
  CHECK(stream.feed("nk>first </t").reasoning == "first ");
  CHECK(stream.feed("his").reasoning == "</this");
  CHECK(stream.feed("</think>\n  ").content.empty());
  CHECK(stream.feed("answer ").content == "  answer ");
  CHECK(stream.feed("<").content == "<");
}
