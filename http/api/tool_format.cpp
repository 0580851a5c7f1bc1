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
  // Qwen's coders wrap `<function=name>` in the same tags: no JSON, so not this form.
  if (has(chat_template, "<tool_call>") && !has(chat_template, "<function="))
    return tool_format::hermes;
  if (has(chat_template, "[TOOL_CALLS]"))
    return tool_format::mistral;
  const bool llama3 = has(chat_template, "<|python_tag|>") || has(chat_template, "<|start_header_id|>");
  if (llama3 && has(chat_template, "\"parameters\""))
    return tool_format::llama3_json;
  return tool_format::none;
}

bool template_thinks(std::string_view chat_template) {
  return has(chat_template, "</think>");
}

tool_format forced_format(tool_format own) {
  return own == tool_format::none ? tool_format::hermes : own;
}

} // namespace troupe::http::api
