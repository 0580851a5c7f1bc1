#include "http/api/tool_prompt.hpp"

#include <boost/json/parse.hpp>

#include "http/api/json_value.hpp"

namespace troupe::http::api {

namespace json = boost::json;

namespace {

std::string description_of(const tool_set& set) {
  std::string out = "You can call these functions, each described by a JSON object:\n<tools>\n";
  const auto tools = json::parse(set.tools_json);
  for (const auto& tool : tools.get_array())
    out += json_text(tool.at("function")) + '\n';
  out += "</tools>\nTo call one, write a JSON object with its name and its arguments between these tags:\n"
         "<tool_call>\n{\"name\": \"function name\", \"arguments\": {\"argument\": \"value\"}}\n</tool_call>\n"
         "Call a function only when its result is needed for the answer.";
  return out;
}

/// `tool_calls` was read as an array of calls with their arguments as objects.
std::string written_calls(const std::string& tool_calls) {
  std::string out;
  const auto calls = json::parse(tool_calls);
  for (const auto& call : calls.get_array()) {
    const auto& function = call.at("function");
    out += "\n<tool_call>\n{\"name\": " + json_text(function.at("name")) +
      ", \"arguments\": " + json_text(function.at("arguments")) + "}\n</tool_call>";
  }
  return out;
}

} // namespace

void explain_tools(const tool_set& set, std::vector<chat_message>& messages) {
  for (auto& message : messages) {
    if (!message.tool_calls.empty()) {
      auto calls = written_calls(message.tool_calls);
      message.content += message.content.empty() ? calls.substr(1) : calls;
      message.tool_calls.clear();
    }
    if (message.role == "tool") {
      message.role = "user";
      message.content = "<tool_response>\n" + message.content + "\n</tool_response>";
      message.tool_call_id.clear();
    }
  }
  if (set.tools.empty() || set.choice == tool_choice::none)
    return;
  if (messages.front().role != "system")
    messages.insert(messages.begin(), {"system", ""});
  auto& content = messages.front().content;
  content += (content.empty() ? "" : "\n\n") + description_of(set);
}

} // namespace troupe::http::api
