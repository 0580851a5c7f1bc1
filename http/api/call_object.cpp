#include "http/api/call_object.hpp"

namespace troupe::http::api {

namespace {

bool names_arguments(std::string_view key) {
  return key == "arguments" || key == "parameters";
}

bool may_be_in_a_call(std::string_view key) {
  return key == "name" || names_arguments(key) || key == "type" || key == "id";
}

} // namespace

call_object::state call_object::step(char c) {
  const auto what = scan_.step(c);
  if (what == json_byte::bad || !take(what, c))
    return state::broken;
  if (!scan_.done())
    return state::open;
  if (arguments_ == progress::absent)
    end_arguments(true);
  return state::closed;
}

bool call_object::take(json_byte what, char c) {
  if (target_ == target::object) {
    fresh_ += c;
    if (what == json_byte::close && scan_.depth() == 1)
      end_arguments(false);
    return true;
  }
  switch (what) {
  case json_byte::text:
    return take_text(c);
  case json_byte::quote_close:
    return end_string();
  case json_byte::quote_open:
    if (scan_.depth() == 1 && scan_.in_key()) {
      target_ = target::key;
      return true;
    }
    return scan_.depth() != 1 || begin_value(what, c);
  case json_byte::open:
    return scan_.depth() != 2 || begin_value(what, c);
  case json_byte::scalar:
    return scan_.depth() != 1 || target_ == target::other || begin_value(what, c);
  default:
    return true;
  }
}

bool call_object::begin_value(json_byte what, char c) {
  target_ = target::other;
  if (key_ == "name" && !name_) {
    target_ = target::name;
    return what == json_byte::quote_open;
  }
  if (names_arguments(key_) && arguments_ == progress::absent)
    return begin_arguments(what, c);
  return true;
}

bool call_object::begin_arguments(json_byte what, char c) {
  if (what == json_byte::scalar) {
    // Only null: it stays open until the end whether others come.
    return c == 'n';
  }
  if (what == json_byte::open && c != '{')
    return false;
  arguments_ = progress::begun;
  target_ = what == json_byte::open ? target::object : target::text;
  if (target_ == target::object)
    fresh_ += c;
  return true;
}

bool call_object::take_text(char c) {
  if (target_ == target::none || target_ == target::other)
    return true;
  decoder_.step(c, decoded_);
  if (target_ != target::text)
    return true;
  if (decoded_.empty()) {
    undecided_ += c;
    return true;
  }
  if (!take_decoded(std::exchange(decoded_, {})))
    return false;
  undecided_.clear();
  return true;
}

bool call_object::take_decoded(std::string_view decoded) {
  for (char c : decoded) {
    const auto what = inner_.step(c);
    if (what == json_byte::bad)
      return false;
    inner_begun_ = inner_begun_ || what != json_byte::space;
    if (inner_begun_)
      fresh_ += c;
  }
  return true;
}

bool call_object::end_string() {
  const auto was = target_;
  if (was == target::none || was == target::other)
    return true;
  decoder_.finish(decoded_);
  target_ = target::none;
  if (was == target::key)
    return end_key();
  auto decoded = std::exchange(decoded_, {});
  if (was == target::name) {
    name_ = std::move(decoded);
    return true;
  }
  if (!take_decoded(decoded) || (inner_begun_ && !inner_.done()))
    return false;
  end_arguments(!inner_begun_);
  return true;
}

bool call_object::end_key() {
  key_ = std::exchange(decoded_, {});
  return !strict_ || settled() || may_be_in_a_call(key_);
}

void call_object::end_arguments(bool absent) {
  if (absent)
    fresh_ = "{}";
  arguments_ = progress::whole;
  target_ = target::other;
}

} // namespace troupe::http::api
