#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "http/api/errors.hpp"
#include "http/api/json_in.hpp"
#include "http/api/tool_definitions.hpp"
#include "http/api/tool_stream.hpp"

using namespace troupe::http::api;
using Catch::Matchers::Contains;

namespace {

tool_set read(std::string_view body) {
  const auto object = parse_object(body, 32);
  field_reader fields{object};
  auto set = read_tools(fields);
  fields.finish();
  return set;
}

refusal refused(std::string_view body) {
  try {
    read(body);
  } catch (const request_error& e) {
    return e.reason();
  }
  FAIL("not refused: " << body);
  return {};
}

/// Two tools, and what else the request says.
std::string with_tools(std::string_view more) {
  return R"({"tools":[{"type":"function","function":{"name":"get","description":"Gets.","parameters":)"
         R"({"type":"object","properties":{"city":{"type":"string"},"days":{"maximum":7.5}}},"strict":true}},)"
         R"({"type":"function","function":{"name":"now"}}])" +
    std::string{more} + "}";
}

std::string one_tool(std::string_view function) {
  return R"({"tools":[{"type":"function","function":)" + std::string{function} + "}]}";
}

} // namespace

TEST_CASE("tools are read with their schemas, and kept as sent for the template", "[tools]") {
  const auto set = read(with_tools(""));
  REQUIRE(set.tools.size() == 2);
  CHECK(set.tools[0].name == "get");
  CHECK(set.tools[0].description == "Gets.");
  CHECK(set.tools[0].strict);
  CHECK(
    set.tools[0].parameters == R"({"type":"object","properties":{"city":{"type":"string"},"days":{"maximum":7.5}}})");
  CHECK(set.tools[1].parameters.empty());
  CHECK_FALSE(set.tools[1].strict);
  CHECK(set.choice == tool_choice::automatic);
  CHECK(set.parallel);
  CHECK_FALSE(set.forced());
  CHECK("{\"tools\":" + set.tools_json + "}" == with_tools(""));
}

TEST_CASE("a schema without a type is an object's", "[tools]") {
  CHECK(read(one_tool(R"({"name":"f","parameters":{}})")).tools[0].parameters == R"({"type":"object"})");
  CHECK(read(one_tool(R"({"name":"f","parameters":{"required":["a"]}})")).tools[0].parameters ==
    R"({"type":"object","required":["a"]})");
}

TEST_CASE("a tool choice says whether a call is forced, and which", "[tools]") {
  CHECK(read("{}").choice == tool_choice::none);
  CHECK(read(R"({"tools":[],"tool_choice":"auto"})").tools_json.empty());
  CHECK(read(with_tools(R"(,"tool_choice":"none")")).choice == tool_choice::none);
  CHECK(read(with_tools(R"(,"tool_choice":"auto","parallel_tool_calls":false)")).choice == tool_choice::automatic);
  const auto required = read(with_tools(R"(,"tool_choice":"required","parallel_tool_calls":false)"));
  CHECK(required.forced());
  CHECK_FALSE(required.parallel);
  const auto named = read(with_tools(R"(,"tool_choice":{"type":"function","function":{"name":"now"}})"));
  CHECK(named.choice == tool_choice::named);
  CHECK(named.name == "now");
}

TEST_CASE("tools that do not hold are refused by name, limit and value", "[tools]") {
  const std::vector<std::pair<std::string, std::string>> cases{
    {R"({"tools":{}})", "tools must be an array, got an object"},
    {R"({"tools":[1]})", "tools[0] must be an object, got 1"},
    {R"({"tools":[{"function":{}}]})", "tools[0].type is missing"},
    {R"({"tools":[{"type":"custom"}]})", "tools[0].type must be 'function', got 'custom'"},
    {R"({"tools":[{"type":"function"}]})", "tools[0].function is missing"},
    {R"({"tools":[{"type":"function","function":{"name":"f"},"x":1}]})", "unknown field 'tools[0].x'"},
    {one_tool("{}"), "tools[0].function.name is missing"},
    {one_tool(R"({"name":""})"), "tools[0].function.name must have between 1 and 64 bytes, got 0"},
    {one_tool("{\"name\":\"" + std::string(65, 'a') + "\"}"), "must have between 1 and 64 bytes, got 65"},
    {one_tool(R"({"name":"a b"})"), "tools[0].function.name must consist of a-z, A-Z, 0-9, _ and -, got 'a b'"},
    {one_tool(R"({"name":"f","parameters":[]})"), "tools[0].function.parameters must be an object, got an array"},
    {one_tool(R"({"name":"f","parameters":{"type":"string"}})"), "parameters.type must be 'object', got 'string'"},
    {one_tool(R"({"name":"f","parameters":{"x-guidance":{}}})"), "parameters.x-guidance is not supported"},
    {one_tool(R"({"name":"f","strict":1})"), "tools[0].function.strict must be true or false, got 1"},
    {R"({"tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"f"}}]})",
      "tools[1].function.name must be unique among the tools, got 'f' again"},
    {R"({"tool_choice":"required"})", "tool_choice must be 'none' or 'auto' where there are no tools, got 'required'"},
    {with_tools(R"(,"tool_choice":"any")"), "tool_choice must be 'none', 'auto', 'required' or an object"},
    {with_tools(R"(,"tool_choice":7)"), "tool_choice must be a string or an object, got 7"},
    {with_tools(R"(,"tool_choice":{"type":"allowed_tools"})"), "tool_choice.type is not supported: 'allowed_tools'"},
    {with_tools(R"(,"tool_choice":{"type":"function","function":{"name":"h"}})"),
      "tool_choice.function.name must be the name of one of tools, got 'h'"},
    {R"({"parallel_tool_calls":"yes"})", "parallel_tool_calls must be true or false, got a string"},
  };
  for (const auto& [body, why] : cases)
    CHECK_THAT(refused(body).message, Contains(why));
  CHECK(refused(R"({"tools":[1]})").param == "tools[0]");
}

TEST_CASE("a request may have 128 tools, and not one more", "[tools]") {
  const auto tools = [](std::size_t n) {
    std::string list;
    for (std::size_t i = 0; i < n; ++i)
      list +=
        (i > 0 ? "," : "") + std::string{R"({"type":"function","function":{"name":"f)"} + std::to_string(i) + "\"}}";
    return "{\"tools\":[" + list + "]}";
  };
  CHECK(read(tools(128)).tools.size() == 128);
  CHECK(refused(tools(129)).message == "tools must have at most 128 tools, got 129");
}

TEST_CASE("no grammar holds an answer whose calls are free", "[tools]") {
  CHECK(forced_calls_grammar(read(with_tools("")), tool_format::hermes).empty());
  CHECK(forced_calls_grammar(read(with_tools(R"(,"tool_choice":"none")")), tool_format::hermes).empty());
}

TEST_CASE("a required call may be any tool's, several times where calls are parallel", "[tools]") {
  const auto set = read(with_tools(R"(,"tool_choice":"required")"));
  const std::string want =
    R"(%llguidance {}
start: call ("\n" call)*
call: call_0 | call_1
call_0: "<tool_call>\n{\"name\": \"get\", \"arguments\": " %json {"type":"object","properties":{"city":)"
    R"({"type":"string"},"days":{"maximum":7.5}}} "}\n</tool_call>"
call_1: "<tool_call>\n{\"name\": \"now\", \"arguments\": " %json {"type":"object","additionalProperties":false} )"
    R"("}\n</tool_call>"
)";
  CHECK(forced_calls_grammar(set, tool_format::hermes) == want);
  CHECK(forced_calls_grammar(set, tool_format::none) == want);
  CHECK_THAT(
    forced_calls_grammar(set, tool_format::mistral), Contains(R"(start: "[TOOL_CALLS][" call (", " call)* "]")"));
  CHECK_THAT(forced_calls_grammar(set, tool_format::llama3_json),
    Contains(R"(start: call ("; " call)*)") && Contains(R"("{\"name\": \"get\", \"parameters\": ")"));
}

TEST_CASE("a named tool is called once, and no other is allowed", "[tools]") {
  const auto set = read(with_tools(R"(,"tool_choice":{"type":"function","function":{"name":"now"}})"));
  const auto grammar = forced_calls_grammar(set, tool_format::mistral);
  CHECK_THAT(grammar, Contains("start: \"[TOOL_CALLS][\" call \"]\"\ncall: call_1\n"));
  CHECK_THAT(grammar, !Contains("call_0") && !Contains("get"));
  const auto once = read(with_tools(R"(,"tool_choice":"required","parallel_tool_calls":false)"));
  CHECK_THAT(forced_calls_grammar(once, tool_format::llama3_json), Contains("start: call\n"));
}
