#include "http/api/tool_stream.hpp"

#include <algorithm>
#include <utility>

namespace troupe::http::api {

namespace {

std::string_view open_marker(tool_format format) {
  switch (format) {
  case tool_format::hermes:
    return "<tool_call>";
  case tool_format::llama3_json:
    return "<|python_tag|>";
  case tool_format::mistral:
    return "[TOOL_CALLS]";
  case tool_format::none:
    break;
  }
  return {};
}

} // namespace

tool_stream::tool_stream(tool_format format, std::vector<std::string> names)
    : format_(format),
      names_(std::move(names)),
      open_marker_(open_marker(format)),
      close_marker_(format == tool_format::hermes ? "</tool_call>" : ""),
      place_(format == tool_format::none ? place::content : place::around) {}

void tool_stream::feed(std::string_view text, events& out) {
  while (!text.empty()) {
    if (const auto n = plain_content(text); n > 0) {
      add(tool_event::kind::content, text.substr(0, n), out);
      text.remove_prefix(n);
      continue;
    }
    step(text.front(), out);
    text.remove_prefix(1);
  }
}

/// How much of the text is content without a second look: up to where a marker may begin.
std::size_t tool_stream::plain_content(std::string_view text) const {
  if (place_ != place::content || !marker_.empty())
    return 0;
  return open_marker_.empty() ? text.size() : std::min(text.find(open_marker_.front()), text.size());
}

void tool_stream::step(char c, events& out) {
  switch (place_) {
  case place::around:
    return step_around(c, out);
  case place::content:
    return step_content(c, out);
  case place::opened:
    return step_opened(c, out);
  case place::object:
    return step_object(c, out);
  case place::bare_name:
    return step_bare_name(c, out);
  case place::bare_mark:
    return step_bare_mark(c, out);
  case place::bare_arguments:
    return step_bare_arguments(c, out);
  }
}

/// Takes the byte into a marker. One that failed is among what is held then, without the byte.
tool_stream::marker_step tool_stream::follow_marker(char c, bool closing) {
  marker_ += c;
  const bool opens = open_marker_.starts_with(marker_);
  const bool closes = closing && close_marker_.starts_with(marker_);
  if (!opens && !closes) {
    marker_.pop_back();
    const bool failed = !marker_.empty();
    held_ += std::exchange(marker_, {});
    return failed ? marker_step::failed : marker_step::none;
  }
  if (opens && marker_.size() == open_marker_.size()) {
    held_ += std::exchange(marker_, {});
    place_ = place::opened;
    in_array_ = false;
  } else if (closes && marker_.size() == close_marker_.size()) {
    held_.clear();
    marker_.clear();
  }
  return marker_step::taken;
}

bool tool_stream::separates(char c) const {
  if (calls_ == 0)
    return false;
  return format_ == tool_format::llama3_json ? c == ';' : in_array_ && (c == ',' || c == ']');
}

void tool_stream::step_around(char c, events& out) {
  const auto marker = follow_marker(c, calls_ > 0);
  if (marker == marker_step::taken)
    return;
  const bool fresh = marker == marker_step::none;
  if (fresh && (is_json_space(c) || separates(c))) {
    in_array_ = in_array_ && c != ']';
    held_ += c;
  } else if (fresh && c == '{' && (format_ == tool_format::llama3_json || in_array_)) {
    open_object(c, out);
  } else {
    give_back(c, out);
  }
}

void tool_stream::step_content(char c, events& out) {
  if (follow_marker(c, false) != marker_step::taken)
    give_back(c, out);
}

void tool_stream::step_opened(char c, events& out) {
  const bool bare = format_ == tool_format::mistral && !in_array_;
  if (is_json_space(c)) {
    held_ += c;
  } else if (c == '{') {
    open_object(c, out);
  } else if (bare && c == '[') {
    held_ += c;
    in_array_ = true;
  } else if (bare && in_bare_name(c)) {
    held_ += c;
    bare_name_ = c;
    place_ = place::bare_name;
  } else {
    give_back(c, out);
  }
}

void tool_stream::open_object(char c, events& out) {
  object_ = call_object{format_ == tool_format::llama3_json};
  begun_ = ended_ = false;
  place_ = place::object;
  step_object(c, out);
}

void tool_stream::step_object(char c, events& out) {
  const auto state = object_.step(c);
  if (state == call_object::state::broken)
    return break_object(c, out);
  if (!begun_)
    held_ += c;
  const auto& name = object_.name();
  if (!begun_ && name && !is_known(*name))
    return give_back(out);
  report_object(out);
  if (state != call_object::state::closed)
    return;
  if (!begun_)
    return give_back(out);
  place_ = place::around;
}

void tool_stream::report_object(events& out) {
  if (!begun_) {
    if (!object_.name() || (format_ == tool_format::llama3_json && !object_.settled()))
      return;
    announce(*object_.name(), out);
  }
  if (ended_)
    return;
  if (const auto fresh = object_.take_arguments(); !fresh.empty())
    add(tool_event::kind::arguments, fresh, out);
  if (object_.arguments_whole())
    end_call(true, out);
}

void tool_stream::break_object(char c, events& out) {
  if (!begun_)
    return give_back(c, out);
  report_object(out);
  if (ended_) {
    place_ = place::around;
    return step_around(c, out);
  }
  end_call(false, out);
  held_ = object_.undecided();
  give_back(c, out);
}

void tool_stream::finish(events& out) {
  const bool begun = place_ == place::bare_arguments || (place_ == place::object && begun_);
  if (begun && !ended_)
    end_call(false, out);
  // A closing marker that was cut is one still; one byte could be anything.
  const bool closing = marker_.size() > 1 && close_marker_.starts_with(marker_);
  if (place_ == place::around && calls_ > 0 && (marker_.empty() || closing)) {
    held_.clear();
    marker_.clear();
  }
  held_ += std::exchange(marker_, {});
  give_back(out);
}

bool tool_stream::is_known(std::string_view name) const {
  return !name.empty() && (names_.empty() || std::find(names_.begin(), names_.end(), name) != names_.end());
}

void tool_stream::announce(std::string_view name, events& out) {
  held_.clear();
  marker_.clear();
  bare_ = {};
  begun_ = true;
  ended_ = false;
  ++calls_;
  add(tool_event::kind::begin, name, out);
}

void tool_stream::end_call(bool whole, events& out) {
  ended_ = true;
  add(tool_event::kind::end, {}, out);
  out.back().whole = whole;
}

/// What is held is content.
void tool_stream::give_back(events& out) {
  add(tool_event::kind::content, std::exchange(held_, {}), out);
  place_ = place::content;
}

/// What is held is content, and the byte begins anew.
void tool_stream::give_back(char c, events& out) {
  give_back(out);
  if (follow_marker(c, false) != marker_step::taken)
    add(tool_event::kind::content, {&c, 1}, out);
}

void tool_stream::add(tool_event::kind what, std::string_view text, events& out) const {
  const bool joins = what == tool_event::kind::content || what == tool_event::kind::arguments;
  if (joins && text.empty())
    return;
  const std::size_t call = what == tool_event::kind::content ? 0 : calls_ - 1;
  if (joins && !out.empty() && out.back().what == what && out.back().call == call)
    out.back().text += text;
  else
    out.push_back({what, call, std::string{text}, false});
}

} // namespace troupe::http::api
