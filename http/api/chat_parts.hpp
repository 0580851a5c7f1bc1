// What an assistant's text consists of: thoughts, content, calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/api/call.hpp"
#include "http/api/reasoning.hpp"
#include "http/api/tool_stream.hpp"

namespace troupe::http::api {

struct chat_part {
  enum class kind : std::uint8_t { content, reasoning, call, arguments };

  kind what = kind::content;
  /// Which call, from 0.
  std::size_t call = 0;
  /// Text, a call's name, or more of its arguments.
  std::string text;
};

/// A whole message.
struct chat_message_parts {
  std::string content;
  std::string reasoning;
  /// Name and arguments.
  std::vector<std::pair<std::string, std::string>> calls;
};

/// Takes one choice's text apart while it arrives. Not thread safe.
class chat_parts {
public:
  explicit chat_parts(const chat_style& style);

  std::vector<chat_part> feed(std::string_view text);
  /// The text is at its end.
  std::vector<chat_part> finish();

  /// Calls that were told.
  std::size_t calls() const { return calls_; }

private:
  void take(reasoning_text split, std::vector<chat_part>& out);
  void take(const std::vector<tool_event>& events, std::vector<chat_part>& out);

  std::optional<reasoning_stream> thoughts_;
  std::optional<tool_stream> tools_;
  std::size_t most_calls_;
  std::size_t calls_ = 0;
};

chat_message_parts joined(const std::vector<chat_part>& parts);

} // namespace troupe::http::api
