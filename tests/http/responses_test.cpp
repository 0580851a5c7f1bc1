#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "http/api/errors.hpp"
#include "http/api/responses.hpp"

using namespace troupe;
using namespace troupe::http;
using namespace troupe::http::api;
using Catch::Matchers::StartsWith;

namespace {

options test_options() {
  options o;
  o.models = {{"small", 1, 8192, 0.5f, 0.75f, 40, 0.05f, 1.1f}, {"org/large", 2, 100}};
  o.limit.messages = 3;
  return o;
}

const options opts = test_options();

responses_call read(std::string_view body, bool no_store = false) {
  return read_responses(body, {opts, "id", 7, no_store});
}

std::string with(std::string_view fields, std::string_view input = "\"hi\"") {
  return R"({"model":"small","input":)" + std::string{input} + (fields.empty() ? "" : ",") + std::string{fields} + "}";
}

/// The refusal's field and message.
std::string refused(const std::string& body) {
  try {
    read(body);
  } catch (const request_error& error) {
    CHECK(error.reason().status == 400);
    return error.reason().param + ": " + error.what();
  }
  FAIL("not refused: " << body);
  return {};
}

} // namespace

TEST_CASE("a response's request becomes a native request", "[tools]") {
  const auto c = read(R"({"model":"default","instructions":"be brief","input":[
    {"role":"developer","content":"or not"},
    {"type":"message","role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]},
    {"id":"msg_1","type":"message","status":"completed","role":"assistant",
     "content":[{"type":"output_text","text":"c","annotations":[],"logprobs":[]}]}],
    "max_output_tokens":9,"temperature":0.25,"top_p":0.5,"stream":true,"user":"u","metadata":{"k":"v"},"store":false,
    "tools":[],"tool_choice":"auto","parallel_tool_calls":true,"include":[],"truncation":"disabled","background":false,
    "text":{"format":{"type":"text"}}})");
  const auto& r = c.request;
  REQUIRE(r.messages.size() == 4);
  CHECK((r.messages[0].role == "system" && r.messages[0].content == "be brief"));
  CHECK((r.messages[1].role == "system" && r.messages[1].content == "or not"));
  CHECK((r.messages[2].role == "user" && r.messages[2].content == "ab"));
  CHECK((r.messages[3].role == "assistant" && r.messages[3].content == "c"));
  CHECK(r.model == "small");
  CHECK(r.request_id == "id");
  CHECK(r.endpoint == "/v1/responses");
  CHECK(r.params.max_tokens == 9);
  CHECK(r.params.temperature == 0.25f);
  CHECK(r.params.top_p == 0.5f);
  CHECK(c.style.stream);
  CHECK(c.style.created == 7);
  CHECK(c.style.instructions == "be brief");
  CHECK(c.style.max_output_tokens == 9u);
  CHECK(c.style.user == "u");
  CHECK(boost::json::serialize(c.style.metadata) == R"({"k":"v"})");
}

TEST_CASE("a response's request that says little takes what the model has", "[tools]") {
  const auto c = read(with(""));
  REQUIRE(c.request.messages.size() == 1);
  CHECK((c.request.messages[0].role == "user" && c.request.messages[0].content == "hi"));
  CHECK(c.request.params.temperature == 0.5f);
  CHECK(c.request.params.top_p == 0.75f);
  CHECK(c.request.params.top_k == 40);
  CHECK(c.request.params.min_p == 0.05f);
  CHECK(c.request.params.repetition_penalty == 1.1f);
  CHECK(c.request.params.max_tokens == 0);
  CHECK_FALSE(c.style.max_output_tokens);
  CHECK_FALSE(c.style.instructions);
  CHECK_FALSE(c.style.stream);
}

TEST_CASE("only a response that can be repeated may come from the cache", "[tools]") {
  CHECK(read(with(R"("temperature":0)")).request.cache == cache_policy::use);
  CHECK(read(with(R"("temperature":0)"), true).request.cache == cache_policy::bypass);
  CHECK(read(with("")).request.cache == cache_policy::bypass);
}

TEST_CASE("a response's request that does not hold is refused by field, limit and value", "[tools]") {
  const std::vector<std::pair<std::string, std::string>> cases{
    {"{}", "model: model is missing"},
    {R"({"model":"small"})", "input: input is missing"},
    {with("", "7"), "input: input must be a string or a list of messages, got 7"},
    {with("", "[]"), "input: input must have between 1 and 3 messages, got 0"},
    {with("", "[1]"), "input[0]: input[0] must be an object, got 1"},
    {with("", R"([{"type":"function_call_output"}])"), "input[0].type: input[0].type must be 'message', got 'func"},
    {with("", R"([{"content":"a"}])"), "input[0].role: input[0].role is missing"},
    {with("", R"([{"role":"tool","content":"a"}])"),
      "input[0].role: input[0].role must be one of 'user', 'assistant', 'system', 'developer', got 'tool'"},
    {with("", R"([{"role":"user"}])"), "input[0].content: input[0].content is missing"},
    {with("", R"([{"role":"user","content":[]}])"), "input[0].content: input[0].content must be a string or a list"},
    {with("", R"([{"role":"user","content":[{"type":"input_image"}]}])"),
      "input[0].content[0].type: input[0].content[0].type must be 'input_text', got 'input_image'"},
    {with("", R"([{"role":"assistant","content":[{"type":"input_text","text":"a"}]}])"),
      "input[0].content[0].type: input[0].content[0].type must be 'output_text', got 'input_text'"},
    {with("", R"([{"role":"user","content":"a","id":"x"}])"), "input[0].id: unknown field 'input[0].id'"},
    {with(R"("max_output_tokens":8193)"), "max_output_tokens: max_output_tokens must be between 1 and 8192, got 8193"},
    {with(R"("temperature":2.5)"), "temperature: temperature must be between 0 and 2, got 2.5"},
    {with(R"("top_p":0)"), "top_p: top_p must be between 0 (not itself) and 1, got 0"},
    {with(R"("store":true)"), "store: store is not supported: nothing is stored"},
    {with(R"("background":true)"), "background: background is not supported"},
    {with(R"("previous_response_id":"resp_1")"), "previous_response_id: previous_response_id is not supported"},
    {with(R"("tools":[{"type":"function"}])"), "tools: tools is not supported: only an empty list is"},
    {with(R"("tool_choice":"required")"), "tool_choice: tool_choice must be one of 'auto', 'none', got 'required'"},
    {with(R"("reasoning":{})"), "reasoning: reasoning is not supported"},
    {with(R"("truncation":"auto")"), "truncation: truncation must be 'disabled', got 'auto'"},
    {with(R"("text":{"format":{"type":"json_schema"}})"), "text.format.type: text.format.type is not supported: only"},
    {with(R"("text":{"format":{"type":"xml"}})"), "text.format.type: text.format.type must be 'text', got 'xml'"},
    {with(R"("text":{"verbosity":"low"})"), "text.verbosity: text.verbosity is not supported"},
    {with(R"("metadata":{"k":1})"), "metadata.k: metadata.k must be a string, got 1"},
    {with(R"("messages":[])"), "messages: unknown field 'messages'"},
  };
  for (const auto& [body, why] : cases)
    CHECK_THAT(refused(body), StartsWith(why));
}

TEST_CASE("metadata is bounded in pairs and in bytes", "[tools]") {
  const auto pairs = [](std::size_t n) {
    std::string list;
    for (std::size_t i = 0; i < n; ++i)
      list += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + "\":\"v\"";
    return with("\"metadata\":{" + list + "}");
  };
  const auto pair = [](std::size_t key, std::size_t value) {
    return with("\"metadata\":{\"" + std::string(key, 'k') + "\":\"" + std::string(value, 'v') + "\"}");
  };
  CHECK(read(pairs(16)).style.metadata.size() == 16);
  CHECK(refused(pairs(17)) == "metadata: metadata must have at most 16 pairs, got 17");
  CHECK(read(pair(64, 512)).style.metadata.size() == 1);
  CHECK(refused(pair(65, 1)) == "metadata: metadata must have at most 64 bytes in a key, got 65");
  CHECK(refused(pair(1, 513)) == "metadata.k: metadata.k must have at most 512 bytes, got 513");
}
