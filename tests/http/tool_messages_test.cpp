#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "http/api/errors.hpp"
#include "http/api/json_in.hpp"
#include "http/api/tool_messages.hpp"

using namespace troupe::http::api;
using Catch::Matchers::Contains;

namespace {

std::string read(std::string_view message) {
  const auto object = parse_object(message, 32);
  field_reader fields{object, "messages[1]."};
  auto calls = read_tool_calls(fields);
  fields.finish();
  return calls;
}

std::string refused(std::string_view message) {
  try {
    read(message);
  } catch (const request_error& e) {
    CHECK(e.reason().message.starts_with(e.reason().param));
    return e.reason().message;
  }
  FAIL("not refused: " << message);
  return {};
}

std::string call(std::string_view arguments, std::string_view more = "") {
  return R"({"tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":)" +
    std::string{arguments} + "}" + std::string{more} + "}]}";
}

} // namespace

TEST_CASE("calls come back with their arguments as an object, its text as it was", "[tools]") {
  CHECK(read(R"({})").empty());
  CHECK(read(R"({"tool_calls":null})").empty());
  CHECK(read(R"({"tool_calls":[]})").empty());
  CHECK(read(call(R"(" {\"b\": 1.0, \"a\": [\"\\u00e9\"]}\n")")) ==
    R"([{"id":"call_1","type":"function","function":{"name":"f","arguments":{"b": 1.0, "a": ["\u00e9"]}}}])");
  CHECK(read(call(R"("")", R"(,"index":0)")) ==
    R"([{"id":"call_1","type":"function","function":{"name":"f","arguments":{}}}])");
  CHECK(read(R"({"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},)"
             R"({"id":"b","function":{"name":"g","arguments":"{}"}}]})") ==
    R"([{"id":"a","type":"function","function":{"name":"f","arguments":{}}},)"
    R"({"id":"b","type":"function","function":{"name":"g","arguments":{}}}])");
}

TEST_CASE("calls that do not hold are refused with their place", "[tools]") {
  const std::string arguments = "messages[1].tool_calls[0].function.arguments ";
  CHECK(refused(R"({"tool_calls":{}})") == "messages[1].tool_calls must be an array, got an object");
  CHECK(refused(R"({"tool_calls":["f"]})") == "messages[1].tool_calls[0] must be an object, got a string");
  CHECK(refused(R"({"tool_calls":[{}]})") == "messages[1].tool_calls[0].id is missing");
  CHECK(refused(R"({"tool_calls":[{"id":""}]})") == "messages[1].tool_calls[0].id must not be an empty string");
  CHECK(refused(R"({"tool_calls":[{"id":"a","type":"custom"}]})") ==
    "messages[1].tool_calls[0].type must be 'function', got 'custom'");
  CHECK(refused(R"({"tool_calls":[{"id":"a"}]})") == "messages[1].tool_calls[0].function is missing");
  CHECK_THAT(refused(R"({"tool_calls":[{"id":"a","function":{"name":"a b","arguments":"{}"}}]})"),
    Contains("function.name must be 1 to 64 of a-z, A-Z, 0-9, _ and -, got 'a b'"));
  CHECK(refused(R"({"tool_calls":[{"id":"a","function":{"name":"f"}}]})") == arguments + "is missing");
  CHECK(refused(call("{}")) == arguments + "must be a string, got an object");
  CHECK(refused(call(R"("[1]")")) == arguments + "must be the text of a JSON object, got '[1]'");
  CHECK(refused(call(R"("{\"a\": }")")) == arguments + "must be the text of a JSON object, got '{\"a\": }'");
  CHECK_THAT(refused(call("\"{" + std::string(100, 'x') + "\"")), Contains("xx...' of 101 bytes"));
  CHECK_THAT(refused(call("\"{}\"", R"(,"index":-1)")), Contains("index must be between 0 and 127, got -1"));
}

TEST_CASE("a message may have 128 calls, and not one more", "[tools]") {
  const auto calls = [](std::size_t n) {
    std::string list;
    for (std::size_t i = 0; i < n; ++i)
      list += (i > 0 ? "," : "") + std::string{R"({"id":"a","function":{"name":"f","arguments":"{}"}})"};
    return "{\"tool_calls\":[" + list + "]}";
  };
  CHECK(boost::json::parse(read(calls(128))).as_array().size() == 128);
  CHECK(refused(calls(129)) == "messages[1].tool_calls must have at most 128 calls, got 129");
}

TEST_CASE("a tool's message says which call it answers", "[tools]") {
  const auto id_of = [](std::string_view message) {
    const auto object = parse_object(message, 32);
    field_reader fields{object, "messages[2]."};
    return read_tool_call_id(fields);
  };
  CHECK(id_of(R"({"tool_call_id":"call_1"})") == "call_1");
  CHECK_THROWS_WITH(id_of("{}"), "messages[2].tool_call_id is missing");
  CHECK_THROWS_WITH(id_of(R"({"tool_call_id":""})"), "messages[2].tool_call_id must not be an empty string");
}
