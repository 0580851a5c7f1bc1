#include "http/api/tool_definitions.hpp"

#include <algorithm>
#include <unordered_set>

#include "http/api/errors.hpp"
#include "http/api/json_value.hpp"

namespace troupe::http::api {

namespace json = boost::json;

namespace {

/// The object in a field that must be there.
const json::object& read_object(field_reader& fields, std::string_view name) {
  const auto* value = fields.find(name);
  const auto path = fields.path(name);
  if (value == nullptr)
    refuse(path, path + " is missing");
  if (!value->is_object())
    refuse_type(path, "an object", *value);
  return value->get_object();
}

void check_function_type(field_reader& fields) {
  const auto type = fields.string("type");
  const auto path = fields.path("type");
  if (!type)
    refuse(path, path + " is missing");
  if (*type == "allowed_tools")
    refuse_unsupported(path, "'allowed_tools' is not; send only the tools that are allowed");
  if (*type != "function")
    refuse(path, path + " must be 'function', got '" + *type + "'");
}

std::string read_name(field_reader& fields) {
  auto name = fields.string("name");
  const auto path = fields.path("name");
  if (!name)
    refuse(path, path + " is missing");
  if (name->empty() || name->size() > max_tool_name_bytes)
    refuse(path,
      path + " must have between 1 and " + std::to_string(max_tool_name_bytes) + " bytes, got " +
        std::to_string(name->size()));
  if (!is_tool_name(*name))
    refuse(path, path + " must consist of a-z, A-Z, 0-9, _ and -, got '" + *name + "'");
  return std::move(*name);
}

std::string read_parameters(field_reader& fields) {
  const auto* value = fields.find("parameters");
  if (value == nullptr)
    return {};
  const auto path = fields.path("parameters");
  if (!value->is_object())
    refuse_type(path, "an object", *value);
  const auto& schema = value->get_object();
  if (schema.contains("x-guidance"))
    refuse_unsupported(path + ".x-guidance");
  const auto* type = schema.if_contains("type");
  if (type != nullptr && *type != "object") {
    const auto got = type->is_string() ? "'" + std::string{type->get_string()} + "'" : describe(*type);
    refuse(path + ".type", path + ".type must be 'object', got " + got);
  }
  auto text = json_text(*value);
  if (type == nullptr)
    text.insert(1, schema.empty() ? R"("type":"object")" : R"("type":"object",)");
  return text;
}

tool_definition read_tool(const json::value& item, const std::string& path) {
  if (!item.is_object())
    refuse_type(path, "an object", item);
  field_reader outer{item.get_object(), path + "."};
  check_function_type(outer);
  field_reader fields{read_object(outer, "function"), path + ".function."};
  outer.finish();
  tool_definition tool;
  tool.name = read_name(fields);
  tool.description = fields.string("description").value_or("");
  tool.parameters = read_parameters(fields);
  tool.strict = fields.boolean("strict").value_or(false);
  fields.finish();
  return tool;
}

void read_definitions(field_reader& fields, tool_set& set) {
  const auto* value = fields.find("tools");
  if (value == nullptr)
    return;
  const auto path = fields.path("tools");
  if (!value->is_array())
    refuse_type(path, "an array", *value);
  const auto& items = value->get_array();
  if (items.size() > max_tools)
    refuse(
      path, path + " must have at most " + std::to_string(max_tools) + " tools, got " + std::to_string(items.size()));
  std::unordered_set<std::string> names;
  for (const auto& item : items) {
    const auto place = path + "[" + std::to_string(set.tools.size()) + "]";
    set.tools.push_back(read_tool(item, place));
    const auto& name = set.tools.back().name;
    if (!names.insert(name).second)
      refuse(
        place + ".function.name", place + ".function.name must be unique among the tools, got '" + name + "' again");
  }
  if (!items.empty())
    set.tools_json = json_text(*value);
}

void read_named_choice(const json::object& object, const std::string& path, tool_set& set) {
  field_reader outer{object, path + "."};
  check_function_type(outer);
  field_reader inner{read_object(outer, "function"), path + ".function."};
  outer.finish();
  set.choice = tool_choice::named;
  set.name = read_name(inner);
  inner.finish();
  const auto is_it = [&](const tool_definition& tool) { return tool.name == set.name; };
  if (std::none_of(set.tools.begin(), set.tools.end(), is_it))
    refuse(path + ".function.name", path + ".function.name must be the name of one of tools, got '" + set.name + "'");
}

void read_choice(field_reader& fields, tool_set& set) {
  set.choice = set.tools.empty() ? tool_choice::none : tool_choice::automatic;
  const auto* value = fields.find("tool_choice");
  if (value == nullptr)
    return;
  const auto path = fields.path("tool_choice");
  if (value->is_object())
    return read_named_choice(value->get_object(), path, set);
  if (!value->is_string())
    refuse_type(path, "a string or an object", *value);
  const std::string word{value->get_string()};
  if (word == "required" && set.tools.empty())
    refuse(path, path + " must be 'none' or 'auto' where there are no tools, got 'required'");
  if (word == "required")
    set.choice = tool_choice::required;
  else if (word == "none")
    set.choice = tool_choice::none;
  else if (word != "auto")
    refuse(path, path + " must be 'none', 'auto', 'required' or an object that names a function, got '" + word + "'");
}

} // namespace

bool is_tool_name(std::string_view name) {
  return !name.empty() && name.size() <= max_tool_name_bytes && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

tool_set read_tools(field_reader& fields) {
  tool_set set;
  read_definitions(fields, set);
  read_choice(fields, set);
  set.parallel = fields.boolean("parallel_tool_calls").value_or(true);
  return set;
}

} // namespace troupe::http::api
