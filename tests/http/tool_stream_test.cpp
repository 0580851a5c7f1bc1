#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "http/api/tool_stream.hpp"

using namespace troupe::http::api;
namespace json = boost::json;
using kind = tool_event::kind;

namespace {

using pieces = std::vector<std::string_view>;

std::vector<tool_event> read(tool_format format, const pieces& text, const std::vector<std::string>& names = {}) {
  tool_stream stream{format, names};
  std::vector<tool_event> out;
  // Each piece has a list of its own, as in a session: nothing may depend on what was given before.
  for (auto piece : text) {
    std::vector<tool_event> events;
    stream.feed(piece, events);
    out.insert(out.end(), events.begin(), events.end());
  }
  stream.finish(out);
  return out;
}

/// Events as one line: content as it is, a call as `«f|{}»`, one that is not whole as `«f|{…»`.
std::string line(const std::vector<tool_event>& events) {
  std::string out;
  std::size_t next = 0;
  for (const auto& event : events) {
    CHECK(event.call == (event.what == kind::begin ? next++ : event.what == kind::content ? 0 : next - 1));
    if (event.what == kind::begin)
      out += "«" + event.text + "|";
    else if (event.what == kind::end)
      out += event.whole ? "»" : "…»";
    else
      out += event.text;
  }
  return out;
}

std::string calls(tool_format format, std::string_view text, const std::vector<std::string>& names = {}) {
  return line(read(format, {text}, names));
}

/// All arguments that are whole must be JSON objects.
void check_arguments(const std::vector<tool_event>& events) {
  std::string text;
  for (const auto& event : events) {
    if (event.what == kind::begin)
      text.clear();
    if (event.what == kind::arguments)
      text += event.text;
    if (event.what == kind::end && event.whole)
      CHECK(json::parse(text).is_object());
  }
}

struct sample {
  tool_format format;
  std::string text;
  std::string want;
};

const std::vector<sample>& samples() {
  static const std::vector<sample> all{
    {tool_format::none, "<tool_call>{}</tool_call>", "<tool_call>{}</tool_call>"},
    {tool_format::hermes, "", ""},
    {tool_format::hermes, " \n", " \n"},
    {tool_format::hermes, "Hi <b>there</b> <tool <<tool_call <", "Hi <b>there</b> <tool <<tool_call <"},
    {tool_format::hermes,
      "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": [1, {\"b\": \"}]\\\"{\"}]}}\n</tool_call>",
      R"(«f|{"a": [1, {"b": "}]\"{"}]}»)"},
    {tool_format::hermes,
      "\n\nLook: \n<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>\n<tool_call>\n"
      "{\"arguments\" :{\"x\":-1.5e+3}, \"name\":\"g\"}\n</tool_call>\n",
      "\n\nLook: \n«f|{}»«g|{\"x\":-1.5e+3}»"},
    {tool_format::hermes, "<tool_call>{\"name\":\"f\"}</tool_call> and then", "«f|{}» and then"},
    {tool_format::hermes, R"(<tool_call>{"name":"f","arguments":null}</tool_call>)", "«f|{}»"},
    {tool_format::hermes, R"(<tool_call>{"name":"f","arguments":""}</tool_call>)", "«f|{}»"},
    {tool_format::hermes,
      R"(<tool_call>{"name":"f","arguments":" {\"a\": \"\\\"\\u00e9\\n\", \"e\": \"\u00e9\ud83d\ude00\/\"}"})",
      R"(«f|{"a": "\"\u00e9\n", "e": "é😀/"}»)"},
    {tool_format::hermes, R"(<tool_call>{"name":"f","arguments":"{\"a\": \"\ud83dx\ud83d\"}"}</tool_call>)",
      "«f|{\"a\": \"\uFFFDx\uFFFD\"}»"},
    {tool_format::hermes, R"(<tool_call>{"arguments":"{\"a\": 1}", "id": [{"name": "x"}, 2], "name":"f\u0031"})",
      R"(«f1|{"a": 1}»)"},
    // Qwen forgets the last bracket at times.
    {tool_format::hermes, R"(<tool_call>{"name":"f","arguments":{"a":1}</tool_call><tool_call>{"name":"g"})",
      R"(«f|{"a":1}»«g|{}»)"},
    {tool_format::llama3_json, R"({"name": "f", "parameters": {"a": "b"}})", R"(«f|{"a": "b"}»)"},
    {tool_format::llama3_json, R"( <|python_tag|>{"type":"function","name":"f","parameters":{}}; {"name":"g"};)",
      "«f|{}»«g|{}»"},
    {tool_format::llama3_json, R"({"parameters": {"a": 1}, "name": "f"} {"name":"g","arguments":"{}"})",
      R"(«f|{"a": 1}»«g|{}»)"},
    {tool_format::llama3_json, R"({"name": "Ada", "born": 1815})", R"({"name": "Ada", "born": 1815})"},
    {tool_format::llama3_json, R"(  {"name": 5} {"name": "f", "parameters": {}})",
      R"(  {"name": 5} {"name": "f", "parameters": {}})"},
    {tool_format::llama3_json, R"(Now <|python_tag|>{"name": "f", "parameters": {}})", "Now «f|{}»"},
    {tool_format::llama3_json, "<|python_tag|>print(1)", "<|python_tag|>print(1)"},
    {tool_format::llama3_json, R"({"name": "f", "parameters": {}}; and)", "«f|{}»; and"},
    {tool_format::mistral, R"([TOOL_CALLS] [{"name": "f", "arguments": {"a": [1]}, "id": "abc"}, {"name": "g"}])",
      R"(«f|{"a": [1]}»«g|{}»)"},
    {tool_format::mistral, R"([1] Hi[TOOL_CALLS]f{"a": {}}[TOOL_CALLS]g[ARGS] {"b": "[TOOL_CALLS]"} )",
      R"([1] Hi«f|{"a": {}}»«g|{"b": "[TOOL_CALLS]"}»)"},
    {tool_format::mistral, R"([TOOL_CALLS]get-it[CALL_ID]a1B2[ARGS]{} [TOOL)", "«get-it|{}» [TOOL"},
    {tool_format::mistral, "[TOOL_CALLS][]", "[TOOL_CALLS][]"},
    {tool_format::mistral, "[TOOL_CALLS]f[ARG]{}", "[TOOL_CALLS]f[ARG]{}"},
    {tool_format::mistral, R"([TOOL_CALLS][{"name":"f"}] so)", "«f|{}»] so"},
  };
  return all;
}

} // namespace

TEST_CASE("calls are found in every form, and everything else is content", "[tools]") {
  for (const auto& s : samples()) {
    INFO(s.text);
    const auto events = read(s.format, {s.text});
    CHECK(line(events) == s.want);
    check_arguments(events);
  }
}

TEST_CASE("calls do not depend on where the text is cut", "[tools]") {
  for (const auto& s : samples()) {
    INFO(s.text);
    const std::string_view text = s.text;
    pieces bytes;
    for (std::size_t i = 0; i < text.size(); ++i)
      bytes.push_back(text.substr(i, 1));
    CHECK(line(read(s.format, bytes)) == s.want);
    for (std::size_t i = 0; i <= text.size(); ++i)
      for (std::size_t j = i; j <= text.size(); ++j)
        if (line(read(s.format, {text.substr(0, i), text.substr(i, j - i), text.substr(j)})) != s.want)
          FAIL("cut at " << i << " and " << j);
  }
}

TEST_CASE("a text that ends anywhere loses no content and no begun call", "[tools]") {
  for (const auto& s : samples()) {
    for (std::size_t n = 0; n <= s.text.size(); ++n) {
      const auto cut = s.text.substr(0, n);
      INFO(cut);
      const auto events = read(s.format, {cut});
      check_arguments(events);
      std::size_t begun = 0;
      std::size_t ended = 0;
      std::string content;
      for (const auto& event : events) {
        begun += event.what == kind::begin ? 1 : 0;
        ended += event.what == kind::end ? 1 : 0;
        content += event.what == kind::content ? event.text : "";
      }
      CHECK(begun == ended);
      // Without a call, the text is all there is.
      if (begun == 0)
        CHECK(content == cut);
    }
  }
}

TEST_CASE("a name goes out before its arguments, and arguments as they come", "[tools]") {
  tool_stream stream{tool_format::hermes};
  std::vector<tool_event> out;
  stream.feed("Sure. <tool_call>\n{\"name\": \"weather\"", out);
  REQUIRE(out.size() == 2);
  CHECK(out[0] == tool_event{kind::content, 0, "Sure. ", false});
  CHECK(out[1] == tool_event{kind::begin, 0, "weather", false});
  out.clear();
  stream.feed(", \"arguments\": {\"city\": \"Pa", out);
  CHECK(out == std::vector<tool_event>{{kind::arguments, 0, "{\"city\": \"Pa", false}});
  out.clear();
  stream.feed("ris\"}", out);
  CHECK(out == std::vector<tool_event>{{kind::arguments, 0, "ris\"}", false}, {kind::end, 0, "", true}});
  CHECK(stream.calls() == 1);
}

TEST_CASE("arguments that are a string are unescaped as they come", "[tools]") {
  tool_stream stream{tool_format::hermes};
  std::vector<tool_event> out;
  stream.feed(R"(<tool_call>{"name":"f","arguments":"{\"a\": \)", out);
  REQUIRE(out.size() == 2);
  CHECK(out[1].text == "{\"a\": ");
}

TEST_CASE("content waits only as long as it may be a marker", "[tools]") {
  tool_stream stream{tool_format::hermes};
  std::vector<tool_event> out;
  stream.feed("a <tool_c", out);
  REQUIRE(out.size() == 1);
  CHECK(out[0].text == "a ");
  stream.feed("<", out);
  CHECK(out[0].text == "a <tool_c");
  stream.feed("b", out);
  CHECK(out[0].text == "a <tool_c<b");
}

TEST_CASE("a call of a tool that is not there is content, and goes on as such", "[tools]") {
  const std::vector<std::string> names{"f", "g"};
  const std::string text = "<tool_call>{\"name\":\"h\",\"arguments\":{}}</tool_call>";
  CHECK(calls(tool_format::hermes, text, names) == text);
  CHECK(calls(tool_format::hermes, text + "<tool_call>{\"name\":\"g\"}</tool_call>", names) == text + "«g|{}»");
  CHECK(calls(tool_format::mistral, "[TOOL_CALLS]ff{}", names) == "[TOOL_CALLS]ff{}");
  CHECK(calls(tool_format::llama3_json, R"({"name":"h","parameters":{}})", names) == R"({"name":"h","parameters":{}})");
  tool_stream stream{tool_format::hermes, names};
  std::vector<tool_event> out;
  stream.feed("<tool_call>{\"name\":\"h\"", out);
  CHECK(out == std::vector<tool_event>{{kind::content, 0, "<tool_call>{\"name\":\"h\"", false}});
}

TEST_CASE("what breaks before its name is content, verbatim", "[tools]") {
  for (std::string text : {"<tool_call>oops</tool_call>", "<tool_call>{\"name\": f}", "<tool_call>{\"name\": \"\"}x",
         "<tool_call>{\"arguments\": [1]}", "<tool_call>{\"arguments\": {\"a\": 01}}", "<tool_call>{\"a\": tru }",
         "<tool_call>{\"x\": \"\\q\"}", "<tool_call>{\"arguments\": {}}", "<tool_call>{,}", "<tool_call>{\"a\" 1}",
         "<tool_call>{\"arguments\": {}, \"name\": 1}", "<tool_call>{\"a\": [1}]}", "<tool_call>{\"a\": 1.}",
         "<tool_call>{\"a\": \"\n\"}", "<tool_call>{\"a\": \"\\u12g4\"}", "<tool_call>{\"a\": 1e+}"})
    CHECK(calls(tool_format::hermes, text) == text);
  CHECK(calls(tool_format::hermes, "<tool_call><tool_call>{\"name\":\"f\"}") == "<tool_call>«f|{}»");
}

TEST_CASE("a call that breaks ends with what it has, and the rest is content", "[tools]") {
  CHECK(calls(tool_format::hermes, R"(<tool_call>{"name":"f","arguments":{"a": oops}}</tool_call>)") ==
    R"(«f|{"a": …»oops}}</tool_call>)");
  CHECK(calls(tool_format::hermes, R"(<tool_call>{"name":"f","arguments":"{\"a\": \u005b\u007d\"}"})") ==
    R"(«f|{"a": […»\u007d\"}"})");
  CHECK(calls(tool_format::hermes, R"(<tool_call>{"name":"f","arguments":"{\"a\": 1"} )") == R"(«f|{"a": 1…»"} )");
  CHECK(calls(tool_format::hermes, R"(<tool_call>{"name":"f","arguments":7})") == "«f|…»7}");
  CHECK(calls(tool_format::mistral, "[TOOL_CALLS]f{1}") == "«f|{…»1}");
  CHECK(calls(tool_format::mistral, R"([TOOL_CALLS][{"name":"f"}, {"name":1}])") == R"(«f|{}», {"name":1}])");
}

TEST_CASE("a call that the text's end cuts keeps its arguments", "[tools]") {
  CHECK(calls(tool_format::hermes, R"(<tool_call>{"name":"f","arguments":{"a": "b)") == R"(«f|{"a": "b…»)");
  CHECK(calls(tool_format::hermes, R"(<tool_call>{"name":"f")") == "«f|…»");
  CHECK(calls(tool_format::hermes, R"(<tool_call>{"name":"f","arguments":{}}</tool_)") == "«f|{}»");
  CHECK(calls(tool_format::mistral, "[TOOL_CALLS]f[ARGS]") == "«f|…»");
}

TEST_CASE("arguments may nest up to a limit, and cost the same per byte", "[tools]") {
  const auto nested = [](std::size_t levels) {
    return "<tool_call>{\"name\":\"f\",\"arguments\":{\"a\":" + std::string(levels, '[') + std::string(levels, ']') +
      "}}";
  };
  const auto deep = read(tool_format::hermes, {nested(max_scan_depth - 2)});
  CHECK(deep.back().whole);
  const auto deeper = line(read(tool_format::hermes, {nested(max_scan_depth - 1)}));
  CHECK(deeper.find("…»[]") != std::string::npos);
  const auto far = read(tool_format::hermes, {nested(2'000'000)});
  CHECK(far.back().what == kind::content);
}
