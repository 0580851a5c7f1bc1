#include "http/api/tool_messages.hpp"

#include <algorithm>

#include "http/api/errors.hpp"
#include "http/api/json_in.hpp"
#include "http/api/json_out.hpp"
#include "http/api/json_scan.hpp"
#include "http/api/tool_definitions.hpp"

namespace troupe::http::api {

namespace json = boost::json;

namespace {

/// What an error shows of a text.
std::string excerpt(std::string_view text) {
  constexpr std::size_t most = 60;
  if (text.size() <= most)
    return "'" + std::string{text} + "'";
  return "'" + std::string{text.substr(0, most)} + "...' of " + std::to_string(text.size()) + " bytes";
}

std::string read_required(field_reader& fields, std::string_view name) {
  auto text = fields.string(name);
  const auto path = fields.path(name);
  if (!text)
    refuse(path, path + " is missing");
  if (text->empty())
    refuse(path, path + " must not be an empty string");
  return std::move(*text);
}

/// The text of the object, without the blanks around it.
std::string read_arguments(field_reader& fields) {
  const auto text = fields.string("arguments");
  const auto path = fields.path("arguments");
  if (!text)
    refuse(path, path + " is missing");
  constexpr std::string_view blanks = " \t\r\n";
  const auto begin = text->find_first_not_of(blanks);
  if (begin == std::string::npos)
    return "{}";
  const auto object = text->substr(begin, text->find_last_not_of(blanks) + 1 - begin);
  try {
    parse_object(object, max_scan_depth);
  } catch (const request_error&) {
    refuse(path, path + " must be the text of a JSON object, got " + excerpt(*text));
  }
  return object;
}

void write_function(json_writer& to, std::string& out, const json::value& value, const std::string& path) {
  if (!value.is_object())
    refuse_type(path, "an object", value);
  field_reader fields{value.get_object(), path + "."};
  const auto name = read_required(fields, "name");
  if (!is_tool_name(name))
    refuse(fields.path("name"),
      fields.path("name") + " must be 1 to " + std::to_string(max_tool_name_bytes) +
        " of a-z, A-Z, 0-9, _ and -, got " + excerpt(name));
  const auto arguments = read_arguments(fields);
  fields.finish();
  to.begin_object().field("name", name).key("arguments");
  out += arguments;
  to.end_object();
}

void write_call(json_writer& to, std::string& out, const json::value& item, const std::string& path) {
  if (!item.is_object())
    refuse_type(path, "an object", item);
  field_reader fields{item.get_object(), path + "."};
  const auto id = read_required(fields, "id");
  const auto type = fields.string("type").value_or("function");
  if (type != "function")
    refuse(path + ".type", path + ".type must be 'function', got " + excerpt(type));
  // A client that puts a stream's pieces together may leave their places in.
  fields.integer("index", 0, max_calls - 1);
  const auto* function = fields.find("function");
  if (function == nullptr)
    refuse(path + ".function", path + ".function is missing");
  fields.finish();
  to.begin_object().field("id", id).field("type", type).key("function");
  write_function(to, out, *function, path + ".function");
  to.end_object();
}

} // namespace

std::string read_tool_calls(field_reader& message) {
  const auto* value = message.find("tool_calls");
  if (value == nullptr)
    return {};
  const auto path = message.path("tool_calls");
  if (!value->is_array())
    refuse_type(path, "an array", *value);
  const auto& items = value->get_array();
  if (items.size() > max_calls)
    refuse(
      path, path + " must have at most " + std::to_string(max_calls) + " calls, got " + std::to_string(items.size()));
  if (items.empty())
    return {};
  std::string out;
  json_writer to{out};
  to.begin_array();
  std::size_t i = 0;
  for (const auto& item : items)
    write_call(to, out, item, path + "[" + std::to_string(i++) + "]");
  to.end_array();
  return out;
}

std::string read_tool_call_id(field_reader& message) {
  return read_required(message, "tool_call_id");
}

} // namespace troupe::http::api
