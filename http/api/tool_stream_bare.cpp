// Mistral's newer form of a call, in which no object holds name and arguments.
#include <utility>

#include "http/api/tool_stream.hpp"

namespace troupe::http::api {

namespace {

constexpr std::string_view arguments_marker = "[ARGS]";
constexpr std::string_view call_id_marker = "[CALL_ID]";

} // namespace

bool tool_stream::in_bare_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

void tool_stream::step_bare_name(char c, events& out) {
  if (in_bare_name(c)) {
    held_ += c;
    bare_name_ += c;
    return;
  }
  if (!is_known(bare_name_))
    return give_back(c, out);
  in_call_id_ = false;
  place_ = place::bare_mark;
  step_bare_mark(c, out);
}

void tool_stream::step_bare_mark(char c, events& out) {
  if (!marker_.empty() || c == '[') {
    follow_bare_marker(c, out);
  } else if (is_json_space(c) || (in_call_id_ && in_bare_name(c))) {
    held_ += c;
  } else if (c == '{' && !in_call_id_) {
    announce(bare_name_, out);
    place_ = place::bare_arguments;
    step_bare_arguments(c, out);
  } else {
    give_back(c, out);
  }
}

void tool_stream::follow_bare_marker(char c, events& out) {
  marker_ += c;
  if (marker_ == arguments_marker) {
    announce(bare_name_, out);
    place_ = place::bare_arguments;
  } else if (marker_ == call_id_marker && !in_call_id_) {
    held_ += std::exchange(marker_, {});
    in_call_id_ = true;
  } else if (!arguments_marker.starts_with(marker_) && (in_call_id_ || !call_id_marker.starts_with(marker_))) {
    marker_.pop_back();
    held_ += std::exchange(marker_, {});
    give_back(c, out);
  }
}

void tool_stream::step_bare_arguments(char c, events& out) {
  const auto what = bare_.step(c);
  if (what == json_byte::bad) {
    end_call(false, out);
    return give_back(c, out);
  }
  // Blanks may stand before the first bracket; they are none of the arguments.
  if (bare_.depth() > 0 || bare_.done())
    add(tool_event::kind::arguments, {&c, 1}, out);
  if (!bare_.done())
    return;
  end_call(true, out);
  place_ = place::around;
}

} // namespace troupe::http::api
