#include <algorithm>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "http/api/admin.hpp"
#include "http/api/answer_format.hpp"
#include "http/api/description.hpp"
#include "http/api/embeddings.hpp"
#include "http/api/operators.hpp"
#include "http/api/responses_events.hpp"
#include "http/api/score.hpp"
#include "http/api/tokens.hpp"
#include "tests/http/client.hpp"

using namespace troupe;
using namespace troupe::http;
using namespace troupe::http::api;
namespace json = boost::json;

namespace {

const json::value& look(const json::value& schema) {
  static const json::value document = json::parse(description());
  const auto* reference = schema.as_object().if_contains("$ref");
  return reference == nullptr ? schema : document.at_pointer(std::string_view{reference->as_string()}.substr(1));
}

bool has_type(std::string_view type, const json::value& value) {
  if (type == "integer")
    return value.is_int64() || value.is_uint64();
  return type == "number" ? value.is_number()
    : type == "string"    ? value.is_string()
    : type == "boolean"   ? value.is_bool()
    : type == "array"     ? value.is_array()
    : type == "null"      ? value.is_null()
                          : value.is_object();
}

std::string misfit(const json::value& schema, const json::value& value);

/// Every member that must be there is, and every one that is there is described.
std::string object_misfit(const json::object& schema, const json::object& value) {
  if (!schema.contains("properties"))
    return {};
  const auto& properties = schema.at("properties").as_object();
  for (const auto& name : schema.at("required").as_array())
    if (!value.contains(name.as_string()))
      return "without " + std::string{name.as_string()};
  for (const auto& member : value) {
    const std::string name{member.key()};
    if (!properties.contains(name))
      return name + " is not described";
    if (auto inner = misfit(properties.at(name), member.value()); !inner.empty())
      return name + ": " + inner;
  }
  return {};
}

/// Why a value is not what the description says; empty where it is.
std::string misfit(const json::value& given, const json::value& value) {
  const auto& schema = look(given).as_object();
  if (const auto* only = schema.if_contains("const"))
    return *only == value ? "" : "not the described constant";
  if (const auto* words = schema.if_contains("enum")) {
    const auto& list = words->as_array();
    return std::find(list.begin(), list.end(), value) != list.end() ? "" : "not one of the described words";
  }
  if (const auto* several = schema.if_contains("oneOf")) {
    std::string last;
    for (const auto& one : several->as_array())
      if (last = misfit(one, value); last.empty())
        return {};
    return last;
  }
  const auto& type = schema.at("type");
  const auto fits = [&](const json::value& word) { return has_type(std::string_view{word.as_string()}, value); };
  if (type.is_string() ? !fits(type) : std::none_of(type.as_array().begin(), type.as_array().end(), fits))
    return "not of the described type";
  if (value.is_object())
    return object_misfit(schema, value.as_object());
  if (value.is_array() && schema.contains("items"))
    for (const auto& item : value.as_array())
      if (auto inner = misfit(schema.at("items"), item); !inner.empty())
        return inner;
  return {};
}

void check(const std::string& name, const std::string& body) {
  INFO(name << ": " << body);
  const json::value schema{{"$ref", "#/components/schemas/" + name}};
  CHECK(misfit(schema, json::parse(body)) == "");
}

token_logprob likely(std::string_view bytes) {
  token_logprob token;
  token.bytes = bytes;
  token.scored = true;
  token.top.resize(1);
  token.top.front().bytes = bytes;
  return token;
}

whole_answer answer(bool with_logprobs) {
  whole_answer a;
  a.choices = {{"hi", {}, finish_reason::length}};
  if (with_logprobs)
    a.choices.front().tokens = {likely("hi")};
  a.finished.usage = {7, 3};
  return a;
}

answer_style style(answer_shape shape, bool with_logprobs) {
  answer_style s;
  s.shape = shape;
  s.include_usage = true;
  s.logprobs = with_logprobs;
  s.top_logprobs = with_logprobs ? 1 : 0;
  return s;
}

/// Checks all events of a stream of one short answer.
void check_stream(const std::string& name, answer_shape shape, bool with_logprobs) {
  const auto format = make_format(style(shape, with_logprobs));
  std::string out;
  format->open({}, out);
  format->text({0, 0, "hi", answer(with_logprobs).choices.front().tokens, finish_reason::stop}, out);
  format->close({}, answer(false).finished, out);
  for (const auto& event : test::events_of(out))
    if (event != "[DONE]")
      check(name, event);
}

} // namespace

TEST_CASE("whole answers and the events of streams are as described", "[openapi]") {
  for (const bool with_logprobs : {false, true}) {
    const auto whole = [&](answer_shape shape) {
      return make_format(style(shape, with_logprobs))->whole(answer(with_logprobs));
    };
    check("ChatCompletion", whole(answer_shape::chat));
    check("Completion", whole(answer_shape::completion));
    check_stream("ChatChunk", answer_shape::chat, with_logprobs);
    check_stream("Completion", answer_shape::completion, with_logprobs);
  }
  check("Inference", make_format(style(answer_shape::inference, false))->whole(answer(false)));
}

TEST_CASE("an answer with a call and a response are as described", "[openapi]") {
  auto s = style(answer_shape::chat, false);
  s.chat.tools = {"f"};
  s.chat.format = tool_format::hermes;
  auto a = answer(false);
  a.choices.front() = {R"(<tool_call>{"name": "f", "arguments": {}}</tool_call>)", {}, finish_reason::stop};
  const auto body = make_format(s)->whole(a);
  CHECK(body.find("tool_calls") != std::string::npos);
  check("ChatCompletion", body);
  check("Response", responses_format{responses_style{}}.whole(answer(false)));
}

TEST_CASE("embeddings and scores are as described", "[openapi]") {
  auto a = answer(true);
  a.choices.front().embedding = {0x3f800000, 0xbf000000};
  check("Embeddings", make_embedding_format({false, 0, "small"})->whole(a));
  check("Embeddings", make_embedding_format({true, 1, "small"})->whole(a));
  check("Scores", make_score_format({false, "id", "small", "", 7})->whole(a));
  check("Scores", make_score_format({true, "id", "small", "fp", 7})->whole(a));
}

TEST_CASE("what operators see is as described", "[openapi]") {
  company_status status;
  status.workers = {{0, "cpu", "small", "float32", worker_state::ready, "", {}, 0}};
  metrics_snapshot metrics;
  metrics.failures = {{"queue_full", 2}};
  metrics.workers.push_back({1, "cpu", 3, 64, 8, 16, 100, {}, 3.5, 10, 20});
  metrics.stalled = std::chrono::seconds{61};
  check("Health", health_body(health::ok, status, metrics));
  status.abandoned = 1;
  check("Health", health_body(health::unresponsive, status, {}));
  check("Live", live_body(liveness::stalled, metrics));
  check("Live", live_body(liveness::alive, metrics));
  check("Ready", status_body("ready"));
  check("Metrics", metrics_body(metrics));
  check("Cleared", cleared_body(3));
  check("Drilled", status_body("ok"));
  check("Reloaded", reload_body({true, "", {2}, {0}, 1}));
}

TEST_CASE("models, tokens and errors are as described", "[openapi]") {
  options opts;
  opts.models = {{"a", 5, 100}};
  check("Models", models_body(opts));
  check("Model", model_body(opts, "a"));
  check("Tokens", tokens_body({1, 2}, 100));
  check("Prompt", prompt_body("a"));
  check("Error", error_body({429, "m", {}, "queue_full", {}}));
  check("Error", error_body({400, "m", "n", {}, {}}));
  check("Error", error_body({503, "m", {}, {}, {}}));
}
