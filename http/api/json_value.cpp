#include "http/api/json_value.hpp"

namespace troupe::http::api {

namespace json = boost::json;

namespace {

std::string_view view(json::string_view text) {
  return {text.data(), text.size()};
}

} // namespace

void write_value(json_writer& to, const json::value& value) {
  switch (value.kind()) {
  case json::kind::null:
    to.null();
    return;
  case json::kind::bool_:
    to.value(value.get_bool());
    return;
  case json::kind::int64:
    to.value(value.get_int64());
    return;
  case json::kind::uint64:
    to.value(value.get_uint64());
    return;
  case json::kind::double_:
    to.value(value.get_double());
    return;
  case json::kind::string:
    to.value(view(value.get_string()));
    return;
  case json::kind::array:
    to.begin_array();
    for (const auto& item : value.get_array())
      write_value(to, item);
    to.end_array();
    return;
  case json::kind::object:
    to.begin_object();
    for (const auto& member : value.get_object())
      write_value(to.key(view(member.key())), member.value());
    to.end_object();
    return;
  }
}

std::string json_text(const json::value& value) {
  std::string out;
  json_writer to{out};
  write_value(to, value);
  return out;
}

} // namespace troupe::http::api
