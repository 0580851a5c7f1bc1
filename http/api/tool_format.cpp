#include "http/api/tool_format.hpp"

namespace troupe::http::api {

namespace {

bool has(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

} // namespace

tool_format detect_tool_format(std::string_view chat_template) {
  if (!has(chat_template, "tools"))
    return tool_format::none;
  // Qwen's coders and GLM write XML of their own between the same tags.
  const bool xml = has(chat_template, "<function=") || has(chat_template, "<arg_key>");
  if (has(chat_template, "<tool_call>") && !xml)
    return tool_format::hermes;
  if (has(chat_template, "[TOOL_CALLS]"))
    return tool_format::mistral;
  if (has(chat_template, "<|start_header_id|>") && has(chat_template, "\"parameters\""))
    return tool_format::llama3_json;
  return tool_format::none;
}

bool template_thinks(std::string_view chat_template) {
  return has(chat_template, "</think>");
}

bool prompt_opens_thoughts(std::string_view prompt) {
  constexpr std::string_view marker = "<think>";
  const auto at = prompt.rfind(marker);
  return at != std::string_view::npos && prompt.find_first_not_of(" \t\r\n", at + marker.size()) == prompt.npos;
}

tool_format forced_format(tool_format own) {
  return own == tool_format::none ? tool_format::hermes : own;
}

} // namespace troupe::http::api
