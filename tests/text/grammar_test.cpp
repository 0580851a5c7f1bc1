#include "tests/text/goldens.hpp"
#include "tests/text/grammar_walk.hpp"
#include "text/grammar.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <thread>

using namespace troupe::text;
using Catch::Contains;
using testing::writer;

namespace {

constexpr auto literal = tokenizer::control::literal;

const writer& small() {
  static const writer made{goldens::byte_level(), {2, 0}};
  return made;
}

std::string repeated(const std::string& text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i)
    all += text;
  return all;
}

/// Compiles and takes some steps, whatever comes of it; the seconds it took.
double seconds_of(grammar_kind kind, const std::string& source) {
  const auto start = std::chrono::steady_clock::now();
  try {
    small().walk(small().compile(kind, source), 1, 50);
  } catch (const text_error& error) {
    CHECK(std::string{error.what()}.size() < 1000);
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace

TEST_CASE("a regular expression's grammar takes what matches as a whole") {
  const auto rules = small().compile(grammar_kind::regex, "(yes|no)(, (yes|no)){0,2}\\.");
  for (const auto* text : {"yes.", "no, yes.", "no, no, no."})
    CHECK(small().takes(rules, text));
  for (const auto* text : {"", "yes", "maybe.", "yes, no, yes, no.", "yes..", " yes."})
    CHECK_FALSE(small().takes(rules, text));
  const auto anchored = small().compile(grammar_kind::regex, "^[0-9]{3}/\\d$");
  CHECK(small().takes(anchored, "123/4"));
  CHECK_FALSE(small().takes(anchored, "1234"));
  for (unsigned seed = 0; seed < 20; ++seed)
    CHECK(small().takes(rules, small().walk(rules, seed).value()));
}

TEST_CASE("a Lark grammar is kept to") {
  const auto rules = small().compile(
    grammar_kind::lark, "start: sum\nsum: value (\"+\" value)*\nvalue: NUMBER | \"(\" sum \")\"\nNUMBER: /[0-9]+/\n");
  CHECK(small().takes(rules, "1+(2+3)+45"));
  CHECK_FALSE(small().takes(rules, "1+(2"));
  CHECK_FALSE(small().takes(rules, "1++2"));
}

TEST_CASE("a schema inside a Lark grammar is enforced as exactly as one alone") {
  const auto rules = small().compile(grammar_kind::lark,
    R"(start: "<a>" %json {"type": "integer", "minimum": 3} "</a>" | "<b>" %json {"const": "x"} "</b>")");
  CHECK(small().takes(rules, "<a>7</a>"));
  CHECK(small().takes(rules, "<b>\"x\"</b>"));
  for (const auto* text : {"<a>2</a>", "<a>7</b>", "<b>\"y\"</b>", "7"})
    CHECK_FALSE(small().takes(rules, text));
  try {
    small().compile(grammar_kind::lark, R"(start: %json {"items": {"x-guidance": {"lenient": true}, "not": {}}})");
    FAIL("taken");
  } catch (const grammar_error& error) {
    CHECK(error.pointer().value_or("none").starts_with("/items"));
  }
}

TEST_CASE("a grammar that is wrong is refused, without a place") {
  const std::vector<std::pair<grammar_kind, std::string>> wrong{{grammar_kind::regex, "(a"},
    {grammar_kind::regex, "a\\"}, {grammar_kind::regex, "\\bword\\b"}, {grammar_kind::lark, "start: nothing"},
    {grammar_kind::lark, ""}, {grammar_kind::lark, "start: %json nothing"}, {grammar_kind::lark, "start: \"a\" %json"},
    {grammar_kind::regex, "\xff"}, {grammar_kind::none, ""}};
  for (const auto& [kind, source] : wrong) {
    INFO(source);
    try {
      small().compile(kind, source);
      FAIL_CHECK("taken");
    } catch (const grammar_error& error) {
      CHECK_FALSE(error.pointer());
      CHECK(std::string{error.what()}.size() > 10);
    }
  }
}

TEST_CASE("a sequence that goes on elsewhere sees the same masks") {
  const auto rules = small().compile(grammar_kind::json_schema,
    R"({"type":"object","properties":{"list":{"type":"array","items":{"type":"string"}}},"required":["list"]})");
  const auto tokens =
    small().tokens->encode("{\"list\": [\"a b\",\n \"\xc3\xa9\"], \"more\": {\"x\": 1.5}}", literal, false);
  grammar_state here{rules};
  for (std::size_t i = 0; i <= tokens.size(); ++i) {
    grammar_state elsewhere{rules};
    REQUIRE(elsewhere.accept_all({tokens.data(), i}));
    CHECK(small().mask(here) == small().mask(elsewhere));
    CHECK(here.may_end() == elsewhere.may_end());
    if (i < tokens.size())
      REQUIRE(here.accept(tokens[i]));
  }
  CHECK(here.may_end());
}

TEST_CASE("a token that is not allowed leaves the state as it was") {
  const auto rules = small().compile(grammar_kind::regex, "ab*c");
  grammar_state state{rules};
  const auto token = [](const char* text) { return small().tokens->encode(text, literal, false).at(0); };
  REQUIRE(state.accept(token("a")));
  const auto before = small().mask(state);
  for (const auto bad : {token("x"), token("a"), token_id{-1}, token_id{1}, token_id{2}, token_id{1 << 30}})
    CHECK_FALSE(state.accept(bad));
  CHECK(small().mask(state) == before);
  const auto partly = std::vector<token_id>{token("b"), token("x")};
  CHECK_FALSE(state.accept_all(partly));
  CHECK(state.accept(token("c")));
}

TEST_CASE("every end token is allowed where the text is complete, and only they where nothing may follow") {
  const auto rules = small().compile(grammar_kind::regex, "ab?");
  const auto token = [](const char* text) { return small().tokens->encode(text, literal, false).at(0); };
  grammar_state state{rules};
  const auto has = [&](token_id id) {
    return (small().mask(state)[static_cast<std::size_t>(id) / 32] >> (id % 32) & 1) != 0;
  };
  CHECK_FALSE(has(0));
  CHECK_FALSE(has(2));
  REQUIRE(state.accept(token("a")));
  CHECK(has(0));
  CHECK(has(2));
  CHECK(has(token("b")));
  REQUIRE(state.accept(token("b")));
  CHECK(writer::tokens_of(small().mask(state)) == std::vector<token_id>{0, 2});
  CHECK(state.accept(2));
  CHECK(state.may_end());
  CHECK_FALSE(state.accept(token("b")));
  CHECK(writer::tokens_of(small().mask(state)) == std::vector<token_id>{0, 2});
}

TEST_CASE("special tokens are never allowed, and added tokens are text") {
  const auto rules = small().compile(grammar_kind::regex, "(?s:.*)");
  grammar_state state{rules};
  const auto list = writer::tokens_of(small().mask(state));
  const auto has = [&](token_id id) { return std::find(list.begin(), list.end(), id) != list.end(); };
  CHECK_FALSE(has(1));
  CHECK(has(700));
  CHECK(has(2));
  const writer other{small().tokens, {0}};
  grammar_state without{other.compile(grammar_kind::regex, "(?s:.*)")};
  CHECK_FALSE(without.accept(2));
  CHECK(small().takes(rules, "a <|im_end|> \xf0\x9f\x98\x80"));
}

TEST_CASE("the mask has the model's size, whatever the tokenizer's") {
  const auto& tokens = small().tokens;
  const writer wide{tokens, {2}, 1000};
  CHECK(wide.vocabulary->mask_words() == 32);
  grammar_state state{wide.compile(grammar_kind::regex, "(?s:.*)")};
  CHECK(writer::tokens_of(wide.mask(state)).back() == 700);
  CHECK_FALSE(state.accept(900));
  const writer narrow{tokens, {2}, 100};
  CHECK(narrow.vocabulary->mask_words() == 4);
  grammar_state cut{narrow.compile(grammar_kind::regex, "(?s:.*)")};
  CHECK(writer::tokens_of(narrow.mask(cut)).back() < 100);
  CHECK_FALSE(cut.accept(100));
  std::vector<std::uint32_t> wrong(5);
  CHECK_THROWS_WITH(cut.allowed(wrong), Contains("must have 4 words, got 5"));
  CHECK_THROWS_WITH(grammar_vocabulary::make(tokens, {100}, 100), Contains("between 0 and 99, got 100"));
  CHECK_THROWS_WITH(grammar_vocabulary::make(tokens, {}, 100), Contains("at least one token"));
}

TEST_CASE("a source over its limit is refused with the limit") {
  grammar_limits limits;
  limits.source_bytes = 10;
  CHECK_THROWS_WITH(small().compile(grammar_kind::regex, "abcdefghijk", limits), Contains("at most 10 bytes, got 11"));
}

TEST_CASE("hostile grammars end soon") {
  std::string names;
  for (int i = 0; i < 10000; ++i)
    names += (i ? ",\"" : "\"") + std::to_string(i) + "\"";
  std::string fields;
  for (int i = 0; i < 1900; ++i)
    fields += (i ? ",\"property_" : "\"property_") + std::to_string(i) + "\":true";
  std::string doubling = R"({"$ref":"#/$defs/a30","$defs":{"a0":{"type":"null"})";
  for (int i = 1; i <= 30; ++i) {
    const auto before = R"({"$ref":"#/$defs/a)" + std::to_string(i - 1) + "\"}";
    doubling += ",\"a" + std::to_string(i) + R"(":{"type":"array","prefixItems":[)" + before + "," + before + "]}";
  }
  const std::vector<std::pair<grammar_kind, std::string>> hostile{
    {grammar_kind::regex, "(a{1000}){1000}"},
    {grammar_kind::regex, "((a{1000}){1000}){1000}"},
    {grammar_kind::regex, "(a|b|ab)*c(a|b|ab){500}(a|c){500}"},
    {grammar_kind::regex, "(.*a){300}"},
    {grammar_kind::regex, "[^a]*a[^b]{1000}b"},
    {grammar_kind::regex, "(?:.*a.{2000})&&b"},
    {grammar_kind::regex, repeated("(", 30000) + repeated(")", 30000)},
    {grammar_kind::lark, "start: " + repeated("(", 30000) + "\"a\"" + repeated(")", 30000)},
    {grammar_kind::lark, "start: a\na: a a | \"x\" | \n"},
    {grammar_kind::lark, "start: \"a\"{100000} \"b\"{100000}"},
    {grammar_kind::lark, "start: /a{1000}/{1000} | /.*/{1000}"},
    {grammar_kind::json_schema, R"({"enum":[)" + names.substr(0, 60000) + "\"]}"},
    {grammar_kind::json_schema, R"({"properties":{)" + fields + "}}"},
    {grammar_kind::json_schema, R"({"properties":{)" + fields + R"(},"additionalProperties":false})"},
    {grammar_kind::json_schema, repeated(R"({"items":)", 100) + "true" + repeated("}", 100)},
    {grammar_kind::json_schema, repeated(R"({"items":)", 5000) + "true" + repeated("}", 5000)},
    {grammar_kind::json_schema, repeated(R"({"anyOf":[{},)", 30) + "true" + repeated("]}", 30)},
    {grammar_kind::json_schema, doubling + "}}"},
    {grammar_kind::json_schema, R"({"type":"array","minItems":4096,"maxItems":4096})"},
    {grammar_kind::json_schema,
      R"({"type":"array","items":{"type":"array","items":{"type":"array","maxItems":4000},"maxItems":4000},"maxItems":4000})"},
    {grammar_kind::json_schema, R"({"type":"string","pattern":"(a{1000}){1000}"})"},
    {grammar_kind::json_schema, R"({"type":"string","pattern":"^(a|b|c)*a(a|b|c){300}$","minLength":16000})"},
    {grammar_kind::json_schema,
      R"({"type":"object","patternProperties":{"(.*a){50}":{},"(.*b){50}":{}},"additionalProperties":false})"},
    {grammar_kind::json_schema, R"({"anyOf":[{"$ref":"#"},{"type":"null"}]})"},
    {grammar_kind::json_schema, R"({"type":"object","required":["a"],"properties":{"a":{"$ref":"#"}}})"},
    {grammar_kind::json_schema, R"({"properties":{")" + std::string(60000, 'a') + R"(":true}})"},
  };
  for (const auto& [kind, source] : hostile) {
    INFO(source.substr(0, 100));
    // Each takes some milliseconds; what has no bound takes minutes or the machine's memory.
    CHECK(seconds_of(kind, source) < 10.0);
  }
}

TEST_CASE("a step over its limit is an error, and stays one") {
  grammar_limits limits;
  limits.lexer_states = 20;
  bool failed = false;
  try {
    grammar_state state{small().compile(grammar_kind::regex, "(a|b)*a(a|b){40}", limits)};
    const auto token = small().tokens->encode("a", literal, false).at(0);
    try {
      for (int i = 0; i < 60; ++i) {
        small().mask(state);
        state.accept(token);
      }
    } catch (const text_error&) {
      failed = true;
      CHECK_THROWS_AS(small().mask(state), text_error);
      CHECK_THROWS_AS(state.accept(token), text_error);
    }
  } catch (const grammar_error&) {
    failed = true;
  }
  CHECK(failed);
}

TEST_CASE("threads share a grammar") {
  const auto rules = small().compile(grammar_kind::json_object, "");
  const auto alone = small().walk(rules, 7);
  std::vector<std::optional<std::string>> texts(4);
  std::vector<std::thread> threads;
  for (auto& text : texts)
    threads.emplace_back([&text, &rules] { text = small().walk(rules, 7); });
  for (auto& thread : threads)
    thread.join();
  for (const auto& text : texts)
    CHECK(text == alone);
}
