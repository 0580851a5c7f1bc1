// Grammars out of JSON schemas: what they let a model write is what the schema says.
#include "tests/text/goldens.hpp"
#include "tests/text/grammar_walk.hpp"
#include "tests/text/json_schema_validator.hpp"

#include <catch2/catch.hpp>

using namespace troupe::text;
using testing::writer;

namespace {

constexpr auto schema_kind = grammar_kind::json_schema;

const writer& small() {
  static const writer made{goldens::byte_level(), {2, 0}};
  return made;
}

boost::json::value parse(const std::string& text) {
  boost::json::parse_options options;
  options.max_depth = 1000;
  return boost::json::parse(text, {}, options);
}

/// The pointer with which a schema is refused.
std::string refused_at(const std::string& schema) {
  try {
    small().compile(schema_kind, schema);
  } catch (const grammar_error& error) {
    return error.pointer().value_or("no place: " + std::string{error.what()});
  }
  return "taken";
}

const std::vector<std::string>& varied_schemas() {
  static const std::vector<std::string> schemas{
    R"({"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name","age"],"additionalProperties":false})",
    R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"boolean"}},"required":["b"]})",
    R"({"type":"object","properties":{"a":{"type":"string"},"ab":{"type":"null"}},"additionalProperties":{"type":"integer"}})",
    R"({"type":"object","additionalProperties":{"type":"array","items":{"type":"boolean"}}})",
    R"({"type":"object","patternProperties":{"^x[0-9]+$":{"type":"integer"},"^y$":{"type":"null"}},"additionalProperties":false})",
    R"({"type":"object","required":["k"],"additionalProperties":{"type":"number"},"maxProperties":3})",
    R"({"type":"object","properties":{"a":{},"b":{},"c":{}},"additionalProperties":false,"minProperties":1})",
    R"({"type":"array","items":{"type":"integer","minimum":-20,"maximum":105},"minItems":1,"maxItems":5})",
    R"({"type":"array","prefixItems":[{"type":"string"},{"type":"integer"}],"items":{"type":"null"},"minItems":2})",
    R"({"type":"array","prefixItems":[{"const":"a"}],"items":false})",
    R"({"type":"number","minimum":-1.5,"exclusiveMaximum":2.25})",
    R"({"type":"number","exclusiveMinimum":0.001,"maximum":1000000})",
    R"({"type":"number","maximum":-3.75})",
    R"({"type":"number","exclusiveMaximum":0})",
    R"({"type":"integer","exclusiveMinimum":99,"exclusiveMaximum":1203})",
    R"({"type":"integer","minimum":-123456789})",
    R"({"type":"integer","minimum":0,"multipleOf":7,"maximum":5000})",
    R"({"type":"number","minimum":0,"multipleOf":0.25})",
    R"({"type":"string","minLength":3,"maxLength":6})",
    R"({"type":"string","pattern":"^[A-Z]{2}-[0-9]{3,4}$"})",
    R"({"type":"string","pattern":"^[^\"]*$","maxLength":12})",
    R"({"type":"string","pattern":"^[^\\\\]*$","maxLength":12})",
    R"({"type":"string","pattern":"b|^c","maxLength":10})",
    R"({"enum":["red","green",1,2.5,null,true,{"a":[1]},["x"]]})",
    R"({"enum":["red",1,2],"type":"integer"})",
    R"({"const":{"a":"b","c":[1,2]}})",
    R"({"anyOf":[{"type":"integer"},{"type":"object","properties":{"v":{"type":"string"}},"required":["v"]}]})",
    R"({"oneOf":[{"$ref":"#/$defs/cat"},{"$ref":"#/$defs/dog"}],"$defs":{"cat":{"type":"object","properties":{"kind":{"const":"cat"},"lives":{"type":"integer"}},"required":["kind"],"additionalProperties":false},"dog":{"type":"object","properties":{"kind":{"const":"dog"},"tricks":{"type":"array","items":{"type":"string"}}},"required":["kind"],"additionalProperties":false}}})",
    R"({"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"value":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}},"required":["value","next"],"additionalProperties":false}}})",
    R"({"type":["object","null"],"properties":{"children":{"type":"array","items":{"$ref":"#"}}},"additionalProperties":false})",
    R"({"properties":{"a":{"type":"integer"}},"minLength":2,"maximum":5})",
    R"({"allOf":[{"type":"object","properties":{"x":{"type":"number"}},"required":["x"]}],"title":"one"})",
  };
  return schemas;
}

} // namespace

TEST_CASE("what is written by a schema's grammar is valid by the schema") {
  for (const auto& source : varied_schemas()) {
    INFO(source);
    const auto rules = small().compile(schema_kind, source);
    const auto schema = parse(source);
    int finished = 0;
    for (unsigned seed = 0; seed < 40; ++seed) {
      const auto text = small().walk(rules, seed);
      if (!text)
        continue;
      INFO(*text);
      ++finished;
      CHECK(testing::is_valid(parse(*text), schema, schema));
    }
    CHECK(finished >= 30);
  }
}

TEST_CASE("a JSON object's grammar lets be any object and nothing else") {
  const auto rules = small().compile(grammar_kind::json_object, "");
  for (unsigned seed = 0; seed < 40; ++seed)
    if (const auto text = small().walk(rules, seed)) {
      INFO(*text);
      CHECK(parse(*text).is_object());
    }
  CHECK(small().takes(rules, "{\"a\": [1, {\"b\": null}], \"\xc3\xa9\\n\": -1.5e3}"));
  CHECK(small().takes(rules, "{\n  \"a\": true,\n  \"b\": {}\n}"));
  CHECK_FALSE(small().takes(rules, "[1]"));
  CHECK_FALSE(small().takes(rules, "{\"a\": 01}"));
  CHECK_FALSE(small().takes(rules, "{\"a\": 1,}"));
}

TEST_CASE("a property does not get around its schema by another spelling") {
  const auto rules = small().compile(schema_kind, R"({"type":"object","properties":{"a":{"type":"integer"}}})");
  CHECK(small().takes(rules, R"({"a": 1, "b": "x"})"));
  CHECK(small().takes(rules, R"({"aa": "x"})"));
  CHECK_FALSE(small().takes(rules, R"({"a": "x"})"));
  CHECK_FALSE(small().takes(rules, R"({"\u0061": "x"})"));
  CHECK_FALSE(small().takes(rules, R"({"a": 1, "a": "x"})"));
}

TEST_CASE("a class that leaves out the quote or the backslash leaves them out in JSON too") {
  const auto no_quote = small().compile(schema_kind, R"({"type":"string","pattern":"^[^\"]*$"})");
  CHECK(small().takes(no_quote, R"("a\\b")"));
  CHECK_FALSE(small().takes(no_quote, R"("a\"b")"));
  const auto no_backslash = small().compile(schema_kind, R"({"type":"string","pattern":"^[^\\\\]*$"})");
  CHECK(small().takes(no_backslash, R"("a\"b")"));
  CHECK_FALSE(small().takes(no_backslash, R"("a\\b")"));
}

TEST_CASE("objects without additionalProperties may have more, and with false may not") {
  const auto open = small().compile(schema_kind, R"({"type":"object","required":["a"]})");
  CHECK(small().takes(open, R"({"a": 1, "z": [2]})"));
  CHECK_FALSE(small().takes(open, R"({"z": 2})"));
  const auto closed =
    small().compile(schema_kind, R"({"properties":{"a":true},"additionalProperties":false,"type":"object"})");
  CHECK(small().takes(closed, R"({"a": 1})"));
  CHECK(small().takes(closed, "{}"));
  CHECK_FALSE(small().takes(closed, R"({"b": 1})"));
}

TEST_CASE("formats are enforced") {
  const auto day = small().compile(schema_kind, R"({"type":"string","format":"date"})");
  CHECK(small().takes(day, R"("2024-02-29")"));
  CHECK_FALSE(small().takes(day, R"("2023-02-29")"));
  const auto both =
    small().compile(schema_kind, R"({"type":"string","format":"date","pattern":"^2024","maxLength":10})");
  CHECK(small().takes(both, R"("2024-01-31")"));
  CHECK_FALSE(small().takes(both, R"("2023-01-31")"));
}

TEST_CASE("white space comes compact or spread, but not for ever") {
  const auto rules = small().compile(schema_kind, R"({"type":"array","items":{"type":"string"}})");
  CHECK(small().takes(rules, R"(["a","b"])"));
  CHECK(small().takes(rules, "[\n    \"a\",\n    \"b\"\n]"));
  grammar_state state{rules};
  REQUIRE(state.accept(small().tokens->encode("[", tokenizer::control::literal, false).at(0)));
  const auto blank = small().tokens->encode(" ", tokenizer::control::literal, false).at(0);
  int blanks = 0;
  while (blanks < 1000 && state.accept(blank))
    ++blanks;
  CHECK(blanks > 16);
  CHECK(blanks < 100);
  // Inside a string they are text.
  REQUIRE(state.accept_all(small().tokens->encode("\"", tokenizer::control::literal, false)));
  for (int i = 0; i < 200; ++i)
    REQUIRE(state.accept(blank));
  REQUIRE(state.accept_all(small().tokens->encode("\"]", tokenizer::control::literal, false)));
  CHECK_FALSE(state.accept(blank));
  CHECK(writer::tokens_of(small().mask(state)) == std::vector<token_id>{0, 2});
}

TEST_CASE("a schema that cannot be enforced is refused with the place") {
  CHECK(refused_at(R"({"type":"object","properties":{"a/b":{"not":{}}}})") == "/properties/a~1b/not");
  CHECK(refused_at(R"({"type":"array","uniqueItems":true})") == "/uniqueItems");
  CHECK(refused_at(R"({"type":"string","format":"uri"})") == "/format");
  CHECK(refused_at(R"({"x-guidance":{"lenient":true},"not":{}})") == "/x-guidance");
  CHECK(refused_at(R"({"$ref":"https://example.com/schema.json"})") == "/$ref");
  CHECK(refused_at(R"({"oneOf":[{"type":"integer"},{"type":"number"}]})") == "/oneOf/1");
  CHECK(refused_at("3") == "");
  CHECK(refused_at("{") == "no place: the JSON schema is no JSON: EOF while parsing an object at line 1 column 1");
}

TEST_CASE("a schema that nothing can match is refused") {
  for (const auto* source : {"false", R"({"type":"integer","minimum":5,"maximum":4})",
         R"({"type":"object","required":["a"],"additionalProperties":false})",
         R"({"type":"string","minLength":2,"maxLength":1})"})
    CHECK_THROWS_AS(small().compile(schema_kind, source), grammar_error);
}
