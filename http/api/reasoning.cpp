#include "http/api/reasoning.hpp"

#include <algorithm>
#include <utility>

namespace troupe::http::api {

namespace {

constexpr std::string_view open_marker = "<think>";
constexpr std::string_view close_marker = "</think>";

bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

} // namespace

reasoning_text reasoning_stream::feed(std::string_view text) {
  reasoning_text out;
  while (!text.empty()) {
    if (const auto n = verbatim(text, out); n > 0) {
      text.remove_prefix(n);
      continue;
    }
    step(text.front(), out);
    text.remove_prefix(1);
  }
  return out;
}

/// Passes on what holds no marker, and says how much that was.
std::size_t reasoning_stream::verbatim(std::string_view text, reasoning_text& out) const {
  if (place_ == place::answer) {
    out.content += text;
    return text.size();
  }
  if (place_ != place::thoughts || !marker_.empty())
    return 0;
  const auto n = std::min(text.find(close_marker.front()), text.size());
  out.reasoning += text.substr(0, n);
  return n;
}

void reasoning_stream::step(char c, reasoning_text& out) {
  switch (place_) {
  case place::beginning:
    return step_beginning(c, out);
  case place::thoughts:
    return step_thoughts(c, out);
  case place::gap:
    return step_gap(c, out);
  case place::answer:
    out.content += c;
    return;
  }
}

void reasoning_stream::step_beginning(char c, reasoning_text& out) {
  if (marker_.empty() && is_blank(c)) {
    held_ += c;
    return;
  }
  marker_ += c;
  if (marker_ == open_marker) {
    held_.clear();
    marker_.clear();
    place_ = place::thoughts;
    return;
  }
  if (open_marker.starts_with(marker_))
    return;
  marker_.pop_back();
  if (inside_) {
    // What was held may begin `</think>` as well.
    out.reasoning += std::exchange(held_, {});
    place_ = place::thoughts;
    for (char x : std::exchange(marker_, {}) + c)
      step(x, out);
    return;
  }
  out.content += std::exchange(held_, {}) + std::exchange(marker_, {}) + c;
  place_ = place::answer;
}

void reasoning_stream::step_thoughts(char c, reasoning_text& out) {
  marker_ += c;
  if (marker_ == close_marker) {
    marker_.clear();
    place_ = place::gap;
    return;
  }
  if (close_marker.starts_with(marker_))
    return;
  marker_.pop_back();
  out.reasoning += std::exchange(marker_, {});
  // Only a marker's first byte is `<`, so only this byte can begin another.
  if (c == close_marker.front())
    marker_ = c;
  else
    out.reasoning += c;
}

void reasoning_stream::step_gap(char c, reasoning_text& out) {
  if (c == '\n') {
    held_.clear();
  } else if (is_blank(c)) {
    held_ += c;
  } else {
    out.content += std::exchange(held_, {}) + c;
    place_ = place::answer;
  }
}

reasoning_text reasoning_stream::finish() {
  reasoning_text out;
  auto rest = std::exchange(held_, {}) + std::exchange(marker_, {});
  if (place_ == place::thoughts || (place_ == place::beginning && inside_))
    out.reasoning = std::move(rest);
  else if (place_ == place::beginning)
    out.content = std::move(rest);
  return out;
}

} // namespace troupe::http::api
