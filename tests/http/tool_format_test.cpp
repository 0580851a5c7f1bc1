#include <catch2/catch.hpp>

#include "http/api/tool_format.hpp"

using namespace troupe::http::api;

TEST_CASE("a template's markers say how its model calls tools", "[tools]") {
  CHECK(detect_tool_format("{% if tools %}<tool_call>\n{\"name\": ..., \"arguments\": ...}\n</tool_call>{% endif %}") ==
    tool_format::hermes);
  CHECK(detect_tool_format("{% if tools %}{{ '[TOOL_CALLS] [' }}{% endif %}") == tool_format::mistral);
  CHECK(
    detect_tool_format("<|start_header_id|>{% if tools %}{\"name\": function name, \"parameters\": ...}{% endif %}") ==
    tool_format::llama3_json);
}

TEST_CASE("a template without tools, or with a form of its own, has none of the known ones", "[tools]") {
  CHECK(detect_tool_format("") == tool_format::none);
  CHECK(detect_tool_format("{% for m in messages %}<|start_header_id|>{{ m.role }}{% endfor %}") == tool_format::none);
  CHECK(detect_tool_format("{% for m in messages %}[TOOL_CALLS]{% endfor %}") == tool_format::none);
  CHECK(detect_tool_format("{% if tools %}<tool_call>\n<function=f>\n</function>\n</tool_call>{% endif %}") ==
    tool_format::none);
  CHECK(detect_tool_format("{% if tools %}<tool_call>f\n<arg_key>a</arg_key>{% endif %}") == tool_format::none);
  CHECK(detect_tool_format("{% if tools %}<|tool_call|>{\"name\": \"f\", \"arguments\": {}}{% endif %}") ==
    tool_format::none);
}

TEST_CASE("forced calls have a form even where the model has none", "[tools]") {
  CHECK(forced_format(tool_format::none) == tool_format::hermes);
  CHECK(forced_format(tool_format::mistral) == tool_format::mistral);
}

TEST_CASE("a template and its prompt say whether there are thoughts", "[tools]") {
  CHECK(template_thinks("{{ content.split('</think>')[-1] }}"));
  CHECK_FALSE(template_thinks("{{ content }}"));
  CHECK(prompt_opens_thoughts("<|im_start|>assistant\n<think>\n"));
  CHECK_FALSE(prompt_opens_thoughts("<|im_start|>assistant\n<think>\n\n</think>\n\n"));
  CHECK_FALSE(prompt_opens_thoughts("say <think> now"));
  CHECK_FALSE(prompt_opens_thoughts("assistant\n"));
}
