// Forced calls as a grammar.
#include <initializer_list>

#include "http/api/json_out.hpp"
#include "http/api/tool_definitions.hpp"

namespace troupe::http::api {

namespace {

/// What stands around calls and between name and arguments.
struct call_markup {
  std::string_view before_all;
  std::string_view before;
  std::string_view arguments;
  std::string_view after;
  std::string_view between;
  std::string_view after_all;
};

call_markup markup_of(tool_format format) {
  switch (format) {
  case tool_format::llama3_json:
    return {"", R"({"name": ")", R"(", "parameters": )", "}", "; ", ""};
  case tool_format::mistral:
    return {"[TOOL_CALLS][", R"({"name": ")", R"(", "arguments": )", "}", ", ", "]"};
  case tool_format::none:
  case tool_format::hermes:
    break;
  }
  return {"", "<tool_call>\n{\"name\": \"", R"(", "arguments": )", "}\n</tool_call>", "\n", ""};
}

/// A string of the grammar's.
std::string grammar_string(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + "\"";
}

std::string schema_of(const tool_definition& tool) {
  return tool.parameters.empty() ? R"({"type":"object","additionalProperties":false})" : tool.parameters;
}

std::string sequence(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (auto part : parts)
    if (part != "\"\"")
      out += (out.empty() ? "" : " ") + std::string{part};
  return out;
}

} // namespace

std::string forced_calls_grammar(const tool_set& set, tool_format format) {
  if (!set.forced())
    return {};
  const auto markup = markup_of(format);
  std::string names;
  std::string rules;
  for (std::size_t i = 0; i < set.tools.size(); ++i) {
    const auto& tool = set.tools[i];
    if (set.choice == tool_choice::named && tool.name != set.name)
      continue;
    const auto rule = "call_" + std::to_string(i);
    names += (names.empty() ? "" : " | ") + rule;
    const auto before = std::string{markup.before} + tool.name + std::string{markup.arguments};
    rules +=
      rule + ": " + sequence({grammar_string(before), "%json " + schema_of(tool), grammar_string(markup.after)}) + "\n";
  }
  const bool several = set.choice == tool_choice::required && set.parallel;
  const auto more = several ? "(" + grammar_string(markup.between) + " call)*" : std::string{"\"\""};
  return "%llguidance {}\nstart: " +
    sequence({grammar_string(markup.before_all), "call", more, grammar_string(markup.after_all)}) + "\ncall: " + names +
    "\n" + rules;
}

} // namespace troupe::http::api
