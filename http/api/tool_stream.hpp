// A model's text, taken apart into content and tool calls while it arrives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/api/call_object.hpp"
#include "http/api/tool_format.hpp"

namespace troupe::http::api {

/// One thing that the text turned out to be.
struct tool_event {
  enum class kind : std::uint8_t { content, begin, arguments, end };

  kind what = kind::content;
  /// Which call, from 0; 0 for content.
  std::size_t call = 0;
  /// Content, a call's name, or more of its arguments.
  std::string text;
  /// At the end: whether the arguments are whole JSON.
  bool whole = false;

  friend bool operator==(const tool_event&, const tool_event&) = default;
};

/// Finds the calls in an answer of one `tool_format`. What comes out does not depend on where the text is cut, other
/// than in how content and arguments are divided. Every byte is looked at once. Not thread safe.
///
/// - A call's `begin` comes as soon as its name is certain, its `arguments` as they arrive, verbatim, and together
///   they are one JSON object. In llama3_json, where nothing marks a call, the arguments must have begun, too.
/// - Content comes as soon as it cannot be a marker. Blanks before, between and behind calls are dropped where
///   nothing else stands there, and so is markup.
/// - What does not become a call is content, verbatim, its markers included: bad JSON, a name that is not known.
///   Text that was given back so is not searched for calls again.
/// - A call that began and then breaks, or whose text ends, ends with the arguments that it has, not `whole`; the text
///   from the byte that broke it is content. Once the arguments are whole, so is the call, whatever follows.
class tool_stream {
public:
  /// `names`: the tools that may be called; empty for any.
  explicit tool_stream(tool_format format, std::vector<std::string> names = {});

  /// Takes more text and appends what is decided with it.
  void feed(std::string_view text, std::vector<tool_event>& out);
  /// The text is at its end. Nothing may be fed after this.
  void finish(std::vector<tool_event>& out);

  /// Calls that began.
  std::size_t calls() const { return calls_; }

private:
  enum class place : std::uint8_t {
    /// Before the first call and after each: blanks, separators, markers.
    around,
    content,
    /// Behind a marker.
    opened,
    object,
    /// Mistral's call without an object around it: its name, what may stand behind the name, its arguments.
    bare_name,
    bare_mark,
    bare_arguments
  };

  using events = std::vector<tool_event>;

  void step(char c, events& out);
  void step_around(char c, events& out);
  void step_content(char c, events& out);
  void step_opened(char c, events& out);
  void step_object(char c, events& out);
  void step_bare_name(char c, events& out);
  void step_bare_mark(char c, events& out);
  void step_bare_arguments(char c, events& out);

  enum class marker_step : std::uint8_t { taken, none, failed };
  marker_step follow_marker(char c, bool closing);
  std::size_t plain_content(std::string_view text) const;
  bool separates(char c) const;
  static bool in_bare_name(char c);
  bool is_known(std::string_view name) const;

  void open_object(char c, events& out);
  void report_object(events& out);
  void break_object(char c, events& out);
  void follow_bare_marker(char c, events& out);
  void announce(std::string_view name, events& out);
  void end_call(bool whole, events& out);
  void give_back(events& out);
  void give_back(char c, events& out);
  void add(tool_event::kind what, std::string_view text, events& out) const;

  tool_format format_;
  std::vector<std::string> names_;
  std::string_view open_marker_;
  std::string_view close_marker_;
  place place_ = place::around;
  /// Text that is nothing yet: content, should no call come of it.
  std::string held_;
  /// The marker that may be coming, behind what is held.
  std::string marker_;
  call_object object_;
  json_scanner bare_;
  std::string bare_name_;
  bool in_array_ = false;
  bool in_call_id_ = false;
  /// The call that is read has begun, or ended.
  bool begun_ = false;
  bool ended_ = false;
  std::size_t calls_ = 0;
};

} // namespace troupe::http::api
