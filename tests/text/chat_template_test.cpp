#include "tests/text/goldens.hpp"
#include "text/tokenizer.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

using namespace troupe::text;
using Catch::Contains;

namespace {

template_input one_message(std::string content) {
  template_input input;
  input.messages = {{"user", std::move(content)}};
  return input;
}

std::string render(const std::string& source, const template_input& input) {
  return chat_template{source, "<s>", "</s>"}.render(input);
}

/// The prompt of a golden, or the words of its refusal; a refusal by the engine itself has words of its own.
void check(const std::string& source, const std::string& bos, const std::string& eos, const template_input& input,
  const boost::json::value& golden) {
  const auto make = [&] { return chat_template{source, bos, eos}.render(input); };
  if (golden.as_object().contains("prompt"))
    CHECK(make() == goldens::text_of(golden, "prompt"));
  else if (golden.at("refusal").is_null())
    CHECK_THROWS_AS(make(), text_error);
  else
    CHECK_THROWS_WITH(make(), goldens::text_of(golden, "refusal"));
}

} // namespace

TEST_CASE("well-known chat templates render as transformers renders them") {
  const auto tools = boost::json::serialize(goldens::read_json("tools.json"));
  const auto conversations = goldens::read_json("conversations.json");
  std::size_t templates = 0;
  for (const auto& entry : std::filesystem::directory_iterator{"tests/text/goldens/rendered"}) {
    const auto name = entry.path().stem().string();
    const auto file = goldens::read_json("rendered/" + entry.path().filename().string());
    const auto source = goldens::read("templates/" + name + ".jinja");
    ++templates;
    for (const auto& golden : file.at("cases").as_array()) {
      const auto& wanted = golden.at("conversation").as_string();
      INFO(name << ": " << wanted);
      for (const auto& conversation : conversations.as_array()) {
        if (conversation.at("name").as_string() != wanted)
          continue;
        template_input input;
        input.messages_json = boost::json::serialize(conversation.at("messages"));
        if (conversation.as_object().contains("tools"))
          input.tools_json = tools;
        if (const auto* flag = conversation.as_object().if_contains("add_generation_prompt"))
          input.add_generation_prompt = flag->as_bool();
        input.now = file.at("now").as_int64();
        check(source, goldens::text_of(file, "bos"), goldens::text_of(file, "eos"), input, golden);
      }
    }
  }
  CHECK(templates >= 17);
}

TEST_CASE("the template language is the one that Hugging Face speaks") {
  const auto file = goldens::read_json("language.json");
  template_input input;
  input.messages_json = boost::json::serialize(file.at("messages"));
  input.tools_json = boost::json::serialize(goldens::read_json("tools.json"));
  input.now = file.at("now").as_int64();
  for (const auto& golden : file.at("cases").as_array()) {
    const auto source = goldens::text_of(golden, "template");
    INFO(source);
    check(source, "<s>", "</s>", input, golden);
  }
}

TEST_CASE("messages are the same whether they come as texts or as JSON") {
  const std::string source = "{% for m in messages %}{{ m.role }}: {{ m['content'] }}\n{% endfor %}";
  template_input texts;
  texts.messages = {{"user", "a \"b\" \n \xf0\x9f\x98\x80"}, {"assistant", std::string{"nul \0 end", 9}}};
  template_input json;
  json.messages_json = R"([{"role":"user","content":"a \"b\" \n 😀"},{"role":"assistant","content":"nul \u0000 end"}])";
  CHECK(render(source, texts) == render(source, json));
}

TEST_CASE("a template that does not end is stopped") {
  const auto input = one_message("x");
  for (const auto* source : {
         "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
         "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
         "{% for a in range(100000) %}{% for b in range(100000) %}{{ a }}{% endfor %}{% endfor %}",
         "{% set n = namespace(x='aaaaaaaa') %}{% for a in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}",
         "{{ 'a' * 10000000000 }}",
         "{{ range(100000000000)|list }}",
         "{% set n = namespace(x=[]) %}{% for a in range(50000) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x|tojson }}",
         "{% set n = namespace(x='aaaaaaaa') %}{% for a in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}{{ n.x }}",
         "{% set n = namespace(x='aaaaaaaa') %}{% for a in range(60) %}{% set y %}{{ n.x }}{{ n.x }}{% endset %}"
         "{% set n.x = y %}{% endfor %}{{ n.x }}",
         "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% else %}a{% endif %}{% endmacro %}{{ f(60) }}",
         "{% set n = namespace(x='a') %}{% for a in range(60) %}{% set n.x = n.x|replace('a', 'aaaa') %}{% endfor %}",
         "{% set n = namespace(x='a') %}{% for a in range(60) %}{% set n.x = '%s%s'|format(n.x, n.x) %}{% endfor %}",
         "{% set n = namespace(x='aa') %}{% for a in range(60) %}{% set n.x = [n.x, n.x]|join(n.x) %}{% endfor %}",
         "{% set x = 'a' * 10000000 %}{{ range(1000)|list|tojson(separators=(x, x)) }}",
         "{% set x = 'a' * 10000000 %}{{ range(1000)|list|tojson(indent=x) }}",
         "{% set x = 'a' * 10000000 %}{{ strftime_now(x) }}",
         "{% set x = 'a' * 30000000 %}{{ x.rsplit('')|length }}",
         "{{ '%1000000000d'|format(5) }}",
         "{{ range(10**9)|list|length }}",
       }) {
    INFO(source);
    CHECK_THROWS_AS(render(source, input), text_error);
  }
}

TEST_CASE("what a template's steps do not measure is given up") {
  const auto input = one_message("x");
  // Lists that are joined with themselves, or hold themselves twice, are small until somebody walks them.
  CHECK_THROWS_WITH(
    render(
      "{% set n = namespace(x=['a']) %}{% for a in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}{{ n.x|join }}",
      input),
    Contains("chat template: it takes more than"));
  CHECK_THROWS_WITH(render("{{ (['a' * 1000] * 1000000) ~ '' }}", input), Contains("it takes more than 256 MB"));
  const chat_template twice{
    "{% set n = namespace(x=['a'], y=['a']) %}{% for a in range(60) %}{% set n.x = [n.x, n.x] %}"
    "{% set n.y = [n.y, n.y] %}{% endfor %}{{ n.x == n.y }}",
    "", ""};
  CHECK_THROWS_WITH(twice.render(input), Contains("it takes more than 3 s"));
  CHECK_THROWS_WITH(twice.render(input), Contains("it was given up before"));
}

TEST_CASE("a value may be nested deeper than a thread's stack would bear") {
  const auto input = one_message("x");
  const std::string nest = "{% set n = namespace(x=[]) %}{% for a in range(100000) %}{% set n.x = [n.x] %}{% endfor %}";
  CHECK(render(nest + "{{ n.x < [n.x] }}", input) == "True");
}

TEST_CASE("a template's refusal is passed on up to a length") {
  const auto input = one_message("x");
  try {
    render("{{ raise_exception('\u00e9' * 10000) }}", input);
    FAIL("rendered");
  } catch (const text_error& error) {
    CHECK(std::string{error.what()}.size() == 4096);
  }
}

TEST_CASE("a template's nesting is bounded wherever it is written") {
  const auto input = one_message("x");
  const auto repeat = [](const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i)
      all += text;
    return all;
  };
  CHECK_THROWS_AS(render("{{ " + repeat("(", 20000) + "1" + repeat(")", 20000) + " }}", input), text_error);
  CHECK_THROWS_AS(render("{{ " + repeat("[", 20000) + repeat("]", 20000) + " }}", input), text_error);
  CHECK_THROWS_AS(render(repeat("{% if true %}", 20000) + repeat("{% endif %}", 20000), input), text_error);
  // A chain of operators is no nesting to its writer, and nearly as good as one to a compiler.
  CHECK(render("{{ 0" + repeat("+1", 100000) + " }}", input) == "100000");
  CHECK_THROWS_WITH(render(std::string(300000, 'a'), input), Contains("must be at most 262144 bytes, got 300000"));
  template_input deep;
  deep.messages_json = repeat("[", 100000) + repeat("]", 100000);
  CHECK_THROWS_WITH(render("{{ messages }}", deep), Contains("messages is not valid JSON"));
}

TEST_CASE("a template that cannot be read is refused with its line") {
  CHECK_THROWS_WITH((chat_template{"a\nb\n{% if %}", "", ""}), Contains("line 3"));
  CHECK_THROWS_AS((chat_template{"{% endfor %}", "", ""}), text_error);
  CHECK_THROWS_WITH((chat_template{"\xff", "", ""}), Contains("chat template is not valid UTF-8"));
  CHECK_THROWS_WITH(render("\n{{ messages[0].content.nothing() }}", one_message("x")), Contains("line 2"));
}

TEST_CASE("input that is not what a template can be rendered with is refused") {
  template_input input;
  input.messages_json = "{}";
  CHECK_THROWS_WITH(render("x", input), Contains("messages must be a JSON array"));
  input.messages_json = "[";
  CHECK_THROWS_WITH(render("x", input), Contains("messages is not valid JSON"));
  input.messages_json.clear();
  input.tools_json = "3";
  CHECK_THROWS_WITH(render("x", input), Contains("tools must be a JSON array"));
  CHECK_THROWS_WITH(render("x", one_message("a\xff")), Contains("messages[0].content is not valid UTF-8 at byte 1"));
}

TEST_CASE("a template without messages renders") {
  CHECK(render("{{ messages|length }}{{ tools is none }}", template_input{}) == "0True");
}
