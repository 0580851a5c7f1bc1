#include <algorithm>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "http/access.hpp"
#include "http/api/admin.hpp"
#include "http/api/call.hpp"
#include "http/api/description.hpp"
#include "http/api/embeddings.hpp"
#include "http/api/errors.hpp"
#include "http/api/json_out.hpp"
#include "http/api/responses.hpp"
#include "http/api/sampling.hpp"
#include "http/api/score.hpp"
#include "http/api/tokens.hpp"
#include "http/api/tool_definitions.hpp"
#include "http/api/tool_messages.hpp"
#include "http/request_timeout.hpp"
#include "http/router.hpp"
#include "tests/http/openapi_places.hpp"
#include "tests/http/running_server.hpp"

using namespace troupe;
using namespace troupe::http;
using namespace troupe::http::api;
using test::place;
using test::places;
namespace json = boost::json;

namespace {

using names = std::set<std::string>;

const json::value& described() {
  static const json::value value = json::parse(description());
  return value;
}

const json::value& schema(const std::string& name) {
  return described().at("components").at("schemas").at(name);
}

names keys(const json::value& object) {
  names out;
  for (const auto& member : object.as_object())
    out.insert(std::string{member.key()});
  return out;
}

const options opts = test::test_options();

void read(std::string_view path, std::string_view body) {
  const call_context context{opts, "id", 7, false};
  if (path == "/v1/chat/completions")
    read_chat(body, context);
  else if (path == "/v1/completions")
    read_completion(body, context);
  else if (path == "/v1/responses")
    read_responses(body, context);
  else if (path == "/v1/embeddings")
    read_embeddings(body, context);
  else if (path == "/v1/score")
    read_score(body, context);
  else if (path == "/api/v1/inference")
    read_inference(body, context);
  else if (path == "/tokenize")
    read_tokenize(body, context);
  else if (path == "/detokenize")
    read_detokenize(body, context);
  else if (path == "/admin/drill")
    read_drill(body, 32);
  else
    read_reload(body, 32);
}

/// Why a body is refused; a refusal of status 200 where it is not.
refusal why(std::string_view path, const std::string& body) {
  try {
    read(path, body);
  } catch (const request_error& error) {
    return error.reason();
  }
  return {200, {}, {}, {}, {}};
}

std::string with(const place& at, const std::string& field) {
  auto body = at.body;
  return body.replace(body.find('@'), 1, field);
}

std::string member(const std::string& name, const std::string& value, bool first) {
  return (first ? "\"" : ",\"") + name + "\":" + value;
}

/// What the parser answers to one more field of an object.
refusal told(const place& at, const std::string& name, const std::string& value) {
  return why(at.path, with(at, member(name, value, at.body.find("{@") != std::string::npos)));
}

/// The names in `...; known are: a, b`.
names known_in(const std::string& message) {
  constexpr std::string_view mark = "known are: ";
  const auto begin = message.find(mark);
  names out;
  if (begin == std::string::npos)
    return out;
  auto list = message.substr(begin + mark.size());
  for (std::size_t end = 0; end != std::string::npos && list != "none"; list.erase(0, end + 2)) {
    end = list.find(", ");
    out.insert(list.substr(0, end));
    if (end == std::string::npos)
      break;
  }
  return out;
}

/// The number that lies next to a limit, on the far side of it.
std::string beyond(const json::value& limit, int direction, bool whole) {
  const auto x = limit.to_number<double>();
  if (std::abs(x) > 1e15)
    return number_text(x * 2);
  return number_text(x + direction * (whole ? 1 : 0.5));
}

bool out_of_range(const refusal& reason) {
  return reason.message.find("must be between") != std::string::npos;
}

/// The described numbers of a place that its body does not hold yet.
void check_limits(const place& at, const std::string& name, const json::object& field) {
  const auto* types = field.if_contains("type");
  const bool whole = types != nullptr && types->is_array() && types->get_array().front() == "integer";
  const auto inside = [&](const char* key) {
    if (const auto* limit = field.if_contains(key))
      CHECK_FALSE(out_of_range(told(at, name, describe(*limit))));
  };
  const auto outside = [&](const char* key, int direction) {
    if (const auto* limit = field.if_contains(key))
      CHECK(out_of_range(told(at, name, beyond(*limit, direction, whole))));
  };
  inside("minimum");
  inside("maximum");
  outside("minimum", -1);
  outside("maximum", 1);
  if (const auto* limit = field.if_contains("exclusiveMinimum"))
    CHECK(out_of_range(told(at, name, describe(*limit))));
}

std::uint64_t number_at(std::string_view pointer) {
  return described().at_pointer(pointer).to_number<std::uint64_t>();
}

std::uint64_t schema_number(const std::string& pointer) {
  return number_at("/components/schemas/" + pointer);
}

} // namespace

TEST_CASE("what the router knows is described, and nothing else is", "[openapi]") {
  names known;
  for (const auto& route : known_routes())
    known.insert(std::string{route.method} + " " + std::string{route.path});
  names told;
  for (const auto& path : described().at("paths").as_object())
    for (const auto& method : path.value().as_object())
      told.insert((method.key() == "get" ? "GET " : "POST ") + std::string{path.key()});
  CHECK(known == told);
}

TEST_CASE("what needs no key is described so", "[openapi]") {
  auto strict = opts;
  strict.metrics_need_key = true;
  for (const auto& route : known_routes()) {
    INFO(route.path);
    const auto& methods = described().at("paths").at(route.path).as_object();
    const bool open = access_to(find_route(route.method, route.path), route.method, strict) == access::open;
    CHECK(methods.begin()->value().as_object().contains("security") == open);
  }
}

TEST_CASE("the fields that the parsers know are described, and no others are", "[openapi]") {
  for (const auto& at : places()) {
    INFO(at.name);
    CHECK(why(at.path, with(at, "")).message == "");
    const auto reason = told(at, "no_such_field", "1");
    CHECK(reason.code == "unknown_parameter");
    CHECK(known_in(reason.message) ==
      keys(schema(at.name).as_object().contains("properties") ? schema(at.name).at("properties")
                                                              : json::value(json::object{})));
  }
}

TEST_CASE("every object that a request may hold is checked against its parser", "[openapi]") {
  names checked;
  for (const auto& at : places())
    checked.insert(at.name);
  // Only what a client sends is closed: an answer may grow.
  for (const auto& entry : described().at("components").at("schemas").as_object())
    if (const auto* object = entry.value().if_object(); object->contains("additionalProperties"))
      if (object->at("additionalProperties") == false) {
        INFO(std::string_view{entry.key()});
        CHECK(checked.contains(std::string{entry.key()}));
      }
}

TEST_CASE("a described number may be its limits and nothing beyond", "[openapi]") {
  for (const auto& at : places())
    for (const auto& field : schema(at.name).at("properties").as_object()) {
      const std::string name{field.key()};
      if (at.body.find("\"" + name + "\"") != std::string::npos)
        continue;
      INFO(at.name << "." << name);
      check_limits(at, name, field.value().as_object());
    }
}

TEST_CASE("a field that is described as refused is", "[openapi]") {
  for (const auto& at : places())
    for (const auto& field : schema(at.name).at("properties").as_object()) {
      const auto& says = field.value().as_object();
      if (!says.contains("deprecated"))
        continue;
      INFO(at.name << "." << std::string_view{field.key()});
      const std::string name{field.key()};
      CHECK(told(at, name, "null").message == "");
      const auto* value = says.contains("maxItems") ? "[1]" : "true";
      CHECK(told(at, name, value).code == "unsupported_parameter");
    }
}

TEST_CASE("described bounds of lists and texts are the code's", "[openapi]") {
  const limits limit;
  CHECK(schema_number("ChatRequest/properties/messages/maxItems") == limit.messages);
  CHECK(schema_number("TokenizeRequest/properties/messages/maxItems") == limit.messages);
  CHECK(schema_number("InferenceRequest/properties/conversation_history/maxItems") == limit.messages);
  CHECK(schema_number("ResponsesRequest/properties/input/oneOf/1/maxItems") == limit.messages);
  CHECK(schema_number("CompletionRequest/properties/prompt/oneOf/2/maxItems") == limit.prompts);
  CHECK(schema_number("CompletionRequest/properties/prompt/oneOf/3/maxItems") == limit.prompts);
  CHECK(schema_number("EmbeddingRequest/properties/input/oneOf/2/maxItems") == limit.inputs);
  CHECK(schema_number("EmbeddingRequest/properties/input/oneOf/3/maxItems") == limit.inputs);
  CHECK(schema_number("ScoreRequest/properties/continuations/maxItems") == max_continuations);
  CHECK(schema_number("AssistantMessage/properties/tool_calls/maxItems") == max_calls);
  CHECK(schema_number("ChatRequest/properties/tools/maxItems") == max_tools);
  CHECK(schema_number("ToolName/maxLength") == max_tool_name_bytes);
  for (const std::string name : {"ChatRequest", "CompletionRequest", "InferenceRequest"}) {
    CHECK(schema_number(name + "/properties/stop/oneOf/0/maxLength") == max_stop_bytes);
    CHECK(schema_number(name + "/properties/stop/oneOf/1/maxItems") == max_stop_strings);
    CHECK(schema_number(name + "/properties/stop/oneOf/1/items/maxLength") == max_stop_bytes);
  }
  for (const std::string name : {"ChatRequest", "CompletionRequest"})
    CHECK(schema_number(name + "/properties/logit_bias/maxProperties") == max_logit_biases);
  CHECK(schema_number("ResponsesRequest/properties/metadata/maxProperties") == max_metadata);
  CHECK(schema_number("ResponsesRequest/properties/metadata/propertyNames/maxLength") == max_metadata_key_bytes);
  CHECK(
    schema_number("ResponsesRequest/properties/metadata/additionalProperties/maxLength") == max_metadata_value_bytes);
  CHECK(number_at("/components/parameters/RequestTimeout/schema/maximum") ==
    static_cast<std::uint64_t>(std::chrono::seconds{longest_request_timeout}.count()));
}

TEST_CASE("described numbers of strings to choose from are the parser's", "[openapi]") {
  const auto choice = [](std::uint64_t n) {
    std::string list;
    for (std::uint64_t i = 0; i < n; ++i)
      list += list.empty() ? "\"a\"" : ",\"a\"";
    return why("/v1/chat/completions", test::chat_with("\"guided_choice\":[" + list + "]")).status;
  };
  const auto most = schema_number("ChatRequest/properties/guided_choice/maxItems");
  CHECK(schema_number("StructuredOutputs/properties/choice/maxItems") == most);
  CHECK(choice(most) == 200);
  CHECK(choice(most + 1) == 400);
}

TEST_CASE("an integer may be written with a point, token ids included", "[openapi]") {
  CHECK(why("/detokenize", R"({"tokens":[5.0,1e2]})").status == 200);
  CHECK(why("/v1/completions", R"({"model":"small","prompt":[5.0],"n":2.0})").status == 200);
  CHECK(why("/detokenize", R"({"tokens":[5.5]})").message == "tokens[0] must be a token id, got 5.5");
  CHECK(why("/detokenize", R"({"tokens":[1e30]})").status == 400);
  CHECK(why("/detokenize", R"({"tokens":[2147483648.0]})").message ==
    "tokens[0] must be between 0 and 2147483647, got 2147483648");
}

TEST_CASE("the description and the page that shows it are served", "[openapi]") {
  test::running_server s;
  const auto text = s.call("GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(text.status == 200);
  CHECK(text.field("content-type") == "application/json");
  CHECK(json::parse(text.body).at("info").at("version") != "@version@");
  const auto page = s.call("GET /docs HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(page.status == 200);
  CHECK(page.field("content-type") == "text/html; charset=utf-8");
  CHECK(page.body.find("fetch(\"openapi.json\")") != std::string::npos);
  // Nothing from elsewhere, and nothing that could become markup.
  for (const auto* word : {"http://", "https://", "innerHTML", "src="})
    CHECK(page.body.find(word) == std::string::npos);
}
