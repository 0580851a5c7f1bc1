#include "http/api/chat_parts.hpp"

#include <limits>

namespace troupe::http::api {

chat_parts::chat_parts(const chat_style& style)
    : most_calls_(style.parallel_calls ? std::numeric_limits<std::size_t>::max() : 1) {
  if (style.thinks)
    thoughts_.emplace(style.begins_in_thoughts);
  if (!style.tools.empty())
    tools_.emplace(style.format, style.tools);
}

std::vector<chat_part> chat_parts::feed(std::string_view text) {
  std::vector<chat_part> out;
  take(thoughts_ ? thoughts_->feed(text) : reasoning_text{{}, std::string{text}}, out);
  return out;
}

std::vector<chat_part> chat_parts::finish() {
  std::vector<chat_part> out;
  if (thoughts_)
    take(thoughts_->finish(), out);
  if (tools_) {
    std::vector<tool_event> events;
    tools_->finish(events);
    take(events, out);
  }
  return out;
}

void chat_parts::take(reasoning_text split, std::vector<chat_part>& out) {
  if (!split.reasoning.empty())
    out.push_back({chat_part::kind::reasoning, 0, std::move(split.reasoning)});
  if (split.content.empty())
    return;
  if (!tools_) {
    out.push_back({chat_part::kind::content, 0, std::move(split.content)});
    return;
  }
  std::vector<tool_event> events;
  tools_->feed(split.content, events);
  take(events, out);
}

void chat_parts::take(const std::vector<tool_event>& events, std::vector<chat_part>& out) {
  for (const auto& event : events) {
    if (event.what != tool_event::kind::content && event.call >= most_calls_)
      continue;
    switch (event.what) {
    case tool_event::kind::content:
      out.push_back({chat_part::kind::content, 0, event.text});
      break;
    case tool_event::kind::begin:
      calls_ = event.call + 1;
      out.push_back({chat_part::kind::call, event.call, event.text});
      break;
    case tool_event::kind::arguments:
      out.push_back({chat_part::kind::arguments, event.call, event.text});
      break;
    case tool_event::kind::end:
      break;
    }
  }
}

chat_message_parts joined(const std::vector<chat_part>& parts) {
  chat_message_parts out;
  for (const auto& part : parts) {
    switch (part.what) {
    case chat_part::kind::content:
      out.content += part.text;
      break;
    case chat_part::kind::reasoning:
      out.reasoning += part.text;
      break;
    case chat_part::kind::call:
      out.calls.emplace_back(part.text, "");
      break;
    case chat_part::kind::arguments:
      out.calls.back().second += part.text;
      break;
    }
  }
  return out;
}

} // namespace troupe::http::api
