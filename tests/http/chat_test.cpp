#include <catch2/catch.hpp>

#include "http/api/call.hpp"
#include "http/api/errors.hpp"

using namespace troupe;
using namespace troupe::http;
using namespace troupe::http::api;

namespace {

options test_options() {
  options o;
  o.models = {{"small", 1, 8192}, {"org/large", 2, 100}};
  o.limit.messages = 5;
  return o;
}

const options opts = test_options();

call read(std::string_view body, bool no_store = false) {
  return read_chat(body, {opts, "id", 7, no_store});
}

/// A chat with more fields.
std::string with(std::string_view fields, std::string_view messages = R"([{"role":"user","content":"hi"}])") {
  return R"({"model":"small","messages":)" + std::string{messages} + (fields.empty() ? "" : ",") + std::string{fields} +
    "}";
}

/// The refusal's field and message; empty when the request holds.
std::string refused(const std::string& body) {
  try {
    read(body);
    return {};
  } catch (const request_error& error) {
    CHECK(error.reason().status == 400);
    return error.reason().param + ": " + error.what();
  }
}

} // namespace

TEST_CASE("a chat becomes a native request") {
  const auto c = read(R"({"model":"default","messages":[{"role":"developer","content":"be brief"},
    {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
    {"role":"assistant","content":"c","refusal":null,"tool_calls":null,"annotations":[]},
    {"role":"tool","content":"d","tool_call_id":"x"}],
    "max_completion_tokens":9,"temperature":0.5,"top_p":0.9,"top_k":40,"min_p":0.1,"seed":-1,"stop":["x","y"],
    "stream":true,"stream_options":{"include_usage":true},"priority":-3,"ignore_eos":true,"logprobs":true,"user":"u"})");
  const auto& r = c.request;
  CHECK(r.model == "small");
  CHECK(r.request_id == "id");
  CHECK(r.endpoint == "/v1/chat/completions");
  CHECK(r.form == prompt_form::messages);
  CHECK(r.messages ==
    std::vector<chat_message>{{"system", "be brief"}, {"user", "ab"}, {"assistant", "c"},
      // The model's template knows nothing of tools.
      {"user", "<tool_response>\nd\n</tool_response>"}});
  CHECK(r.params.max_tokens == 9);
  CHECK(r.params.temperature == 0.5f);
  CHECK(r.params.top_p == 0.9f);
  CHECK(r.params.top_k == 40);
  CHECK(r.params.min_p == 0.1f);
  CHECK(r.params.has_seed);
  CHECK(r.params.seed == ~std::uint64_t{0});
  CHECK(r.params.stop == std::vector<std::string>{"x", "y"});
  CHECK(r.params.ignore_eos);
  CHECK(r.params.logprobs);
  CHECK(r.priority == -3);
  CHECK(r.trim_to_tokens == 0);
  CHECK(c.style.stream);
  CHECK(c.style.include_usage);
  CHECK(c.style.model == "small");
}

TEST_CASE("a chat that says nothing takes what the model has, and one that speaks has its way") {
  auto o = test_options();
  o.models.front() = {"small", 1, 8192, 0.5f, 0.75f, 40, 0.05f, 1.1f};
  const auto silent = read_chat(with(""), {o, "id", 7, false}).request.params;
  CHECK(silent.temperature == 0.5f);
  CHECK(silent.top_p == 0.75f);
  CHECK(silent.top_k == 40);
  CHECK(silent.min_p == 0.05f);
  CHECK(silent.repetition_penalty == 1.1f);
  const auto spoken = read_chat(with(R"("min_p":0,"repetition_penalty":1)"), {o, "id", 7, false}).request.params;
  CHECK(spoken.min_p == 0);
  CHECK(spoken.repetition_penalty == 1);
}

TEST_CASE("a chat that says nothing gets OpenAI's defaults, and null says nothing") {
  const auto plain = read(with("")).request.params;
  CHECK(plain.temperature == 1);
  CHECK(plain.top_p == 1);
  CHECK(plain.max_tokens == 0);
  CHECK_FALSE(plain.has_seed);
  for (const auto* name : {"top_p", "n", "stop", "seed", "logprobs", "top_logprobs", "logit_bias", "presence_penalty",
         "frequency_penalty", "response_format", "tools", "tool_choice", "user", "stream", "stream_options",
         "max_tokens", "max_completion_tokens", "temperature", "top_k", "min_p", "priority", "ignore_eos", "functions",
         "metadata", "store", "parallel_tool_calls", "reasoning_effort"}) {
    INFO(name);
    CHECK(refused(with("\"" + std::string{name} + "\":null")) == "");
  }
}

TEST_CASE("neutral values of what is not supported are taken") {
  for (const auto* fields : {R"("n":1)", R"("logit_bias":{})", R"("presence_penalty":0)", R"("frequency_penalty":0.0)",
         R"("tools":[])", R"("tool_choice":"none")", R"("tool_choice":"auto")", R"("response_format":{"type":"text"})",
         R"("logprobs":false,"top_logprobs":0)", R"("store":false)", R"("service_tier":"auto")", R"("stop":[])",
         R"("stop":"x")", R"("repetition_penalty":1)", R"("top_k":-1)", R"("max_tokens":3,"max_completion_tokens":3)",
         R"("stream":true,"stream_options":{"include_usage":false,"include_obfuscation":false})"}) {
    INFO(fields);
    CHECK(refused(with(fields)) == "");
  }
}

TEST_CASE("a field of a chat that does not hold is a 400 that names it") {
  const std::vector<std::pair<std::string, std::vector<std::string>>> table{
    {"max_tokens", {"\"5\"", "1.5", "true", "[]", "{}", "-1", "0", "8193", "1e30", "1000000000000000000000000000000"}},
    {"max_completion_tokens", {"\"5\"", "0", "-1"}},
    {"temperature", {"\"0.5\"", "true", "[]", "-0.1", "2.5", "1e300"}},
    {"top_p", {"\"0.5\"", "true", "{}", "-0.1", "1.1", "0"}},
    {"min_p", {"-1", "2", "\"x\""}},
    {"top_k", {"1.5", "-2", "\"x\""}},
    {"n", {"\"2\"", "1.5", "true", "[]", "0", "-1", "100000", "1e30", "129"}},
    {"stop", {"5", "{}", "[1]", "[null]", "true", "[[\"x\"]]", "\"\"", "[\"\"]", R"(["a","b","c","d","e"])"}},
    {"seed", {"\"x\"", "1.5", "[]", "{}", "true", "1e30"}},
    {"response_format",
      {"\"json\"", "5", "[]", "{}", R"({"type":"xml"})", R"({"type":"json_schema"})", R"({"type":5})",
        R"({"type":"json_schema","json_schema":{"name":"x"}})", R"({"type":"json_schema","json_schema":{"schema":{}}})",
        R"({"type":"text","x":1})"}},
    {"logprobs", {"1", "\"x\""}},
    {"top_logprobs", {"-1", "1000", "2", "\"x\""}},
    {"stream", {"1", "\"yes\"", "[]"}},
    {"stream_options", {"{}", "5"}},
    {"user", {"5", "[]"}},
    {"priority", {"1.5", "\"low\"", "1001"}},
    {"ignore_eos", {"1"}},
    {"tools", {R"([{"type":"function"}])", "5", "{}"}},
    {"tool_choice", {"\"required\"", "{}", "5"}},
    {"logit_bias", {R"({"5":101})", R"({"x":1})", R"({"-1":1})", R"({"5":"1"})", "[]", "5"}},
    {"presence_penalty", {"-2.5", "3", "\"x\""}},
    {"frequency_penalty", {"2.1", "true"}},
    {"repetition_penalty", {"0", "-1", "2.5"}},
    {"guided_json", {"5", "[]"}},
    {"guided_regex", {"5"}},
    {"guided_choice", {"[]", "[5]", "[\"\"]", "\"x\""}},
    {"structured_outputs", {"5", R"({"xml":1})", R"({"regex":"a","choice":["b"]})"}},
    {"functions", {"[]"}},
    {"function_call", {"\"auto\""}},
    {"modalities", {R"(["audio"])"}},
    {"audio", {"{}"}},
    {"prediction", {"{}"}},
    {"web_search_options", {"{}"}},
    {"reasoning_effort", {"\"high\""}},
    {"verbosity", {"\"low\""}},
    {"store", {"true"}},
    {"metadata", {"{}"}},
    {"service_tier", {"\"flex\""}},
    {"frobnicate", {"1"}},
    {"Temperature", {"1"}},
    {"max_token", {"1"}},
  };
  for (const auto& [name, values] : table)
    for (const auto& value : values) {
      INFO(name << " = " << value);
      CHECK(refused(with("\"" + name + "\":" + value)).find(name) != std::string::npos);
    }
  CHECK(refused(with(R"("stream":true,"stream_options":{"x":1})")).find("stream_options.x") != std::string::npos);
  CHECK(
    refused(with(R"("max_tokens":3,"max_completion_tokens":4)")).find("max_completion_tokens") != std::string::npos);
  CHECK(refused(with("\"max_tokens\":-3")) == "max_tokens: max_tokens must be between 1 and 8192, got -3");
}

TEST_CASE("messages that do not hold are a 400 that names the place") {
  const std::vector<std::pair<std::string, std::string>> table{
    {"\"hi\"", "messages"},
    {"5", "messages"},
    {"{}", "messages"},
    {"null", "messages"},
    {"[]", "messages"},
    {"[1]", "messages[0]"},
    {"[[]]", "messages[0]"},
    {"[null]", "messages[0]"},
    {R"([{"role":"wizard","content":"x"}])", "messages[0].role"},
    {R"([{"content":"x"}])", "messages[0].role"},
    {R"([{"role":"user","content":"x"},{"role":"user"}])", "messages[1].content"},
    {R"([{"role":"user","content":5}])", "messages[0].content"},
    {R"([{"role":"user","content":null}])", "messages[0].content"},
    {R"([{"role":"user","content":[]}])", "messages[0].content"},
    {R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}])", "messages[0].content[0].type"},
    {R"([{"role":"user","content":[{"type":"text"}]}])", "messages[0].content[0].text"},
    {R"([{"role":"user","content":[{"type":"text","text":"x","y":1}]}])", "messages[0].content[0].y"},
    {R"([{"role":"user","content":"x","name":"bob"}])", "messages[0].name"},
    {R"([{"role":"user","content":"x","y":1}])", "messages[0].y"},
    {R"([{"role":"assistant","content":"x","tool_calls":[{}]}])", "messages[0].tool_calls[0].id"},
    {R"([{"role":"tool","content":"x"}])", "messages[0].tool_call_id"},
    {R"([{"role":"user","content":"1"},{"role":"user","content":"1"},{"role":"user","content":"1"},)"
     R"({"role":"user","content":"1"},{"role":"user","content":"1"},{"role":"user","content":"1"}])",
      "messages"},
  };
  for (const auto& [messages, place] : table) {
    INFO(messages);
    CHECK(refused(with("", messages)).starts_with(place + ": "));
  }
}

TEST_CASE("a model is found by its name, and one that is not served is a 404") {
  CHECK(refused(R"({"messages":[{"role":"user","content":"hi"}]})").starts_with("model: "));
  CHECK(refused(R"({"model":5,"messages":[{"role":"user","content":"hi"}]})").starts_with("model: "));
  CHECK(read(R"({"model":"org/large","messages":[{"role":"user","content":"hi"}]})").request.model == "org/large");
  try {
    read(R"({"model":"nope","messages":[{"role":"user","content":"hi"}]})");
    FAIL("taken");
  } catch (const request_error& error) {
    CHECK(error.reason().status == 404);
    CHECK(error.reason().code == "model_not_found");
    CHECK(std::string{error.what()}.find("nope") != std::string::npos);
  }
}

TEST_CASE("a chat is answered from the cache only when it is repeatable and may be stored") {
  CHECK(read(with("")).request.cache == cache_policy::bypass);
  CHECK(read(with("\"temperature\":0")).request.cache == cache_policy::use);
  CHECK(read(with("\"seed\":5")).request.cache == cache_policy::use);
  CHECK(read(with("\"temperature\":0"), true).request.cache == cache_policy::bypass);
}
