#include "http/api/structured.hpp"

#include <string>

#include "http/api/errors.hpp"
#include "http/api/json_value.hpp"

namespace troupe::http::api {

namespace json = boost::json;
using text::grammar_kind;

namespace {

constexpr std::size_t max_choice_strings = 1000;

/// Collects the one grammar of a request.
class grammar_choice {
public:
  explicit grammar_choice(native_request& request) : request_(request) {}

  void set(grammar_kind kind, std::string source, const std::string& field) {
    if (request_.params.grammar != grammar_kind::none)
      refuse(field, field + " cannot be given together with " + request_.grammar_field);
    request_.params.grammar = kind;
    request_.params.grammar_source = std::move(source);
    request_.grammar_field = field;
  }

private:
  native_request& request_;
};

/// A schema as an object, as `true` or `false`, or as a string that holds it.
std::string schema_text(const json::value& value, const std::string& path) {
  if (value.is_string())
    return std::string{value.get_string()};
  if (!value.is_object() && !value.is_bool())
    refuse_type(path, "a JSON schema", value);
  return json_text(value);
}

std::string quoted_for_regex(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view{"\\.+*?()|[]{}^$#&-~"}.find(c) != std::string_view::npos)
      out += '\\';
    out += c;
  }
  return out;
}

/// A regular expression that matches one of the strings.
std::string choice_regex(const json::value& value, const std::string& path) {
  if (!value.is_array() || value.get_array().empty())
    refuse_type(path, "a list of at least one string", value);
  const auto& list = value.get_array();
  if (list.size() > max_choice_strings)
    refuse(path,
      path + " must have at most " + std::to_string(max_choice_strings) + " strings, got " +
        std::to_string(list.size()));
  std::string out;
  for (const auto& item : list) {
    if (!item.is_string() || item.get_string().empty())
      refuse_type(path, "a list of strings that are not empty", item);
    out += (out.empty() ? "(" : "|(") + quoted_for_regex(item.get_string()) + ")";
  }
  return out;
}

void read_json_schema(field_reader& format, grammar_choice& grammar) {
  const auto* value = format.find("json_schema");
  const auto path = format.path("json_schema");
  if (value == nullptr)
    refuse(path, path + " is missing");
  if (!value->is_object())
    refuse_type(path, "an object", *value);
  field_reader fields{value->get_object(), path + "."};
  const auto name = fields.string("name");
  if (!name)
    refuse(path + ".name", path + ".name is missing");
  fields.string("description");
  // A schema is enforced exactly or refused; "strict": false asks for no less.
  fields.boolean("strict");
  const auto* schema = fields.find("schema");
  if (schema == nullptr)
    refuse(path + ".schema", path + ".schema is missing");
  grammar.set(grammar_kind::json_schema, schema_text(*schema, path + ".schema"), path + ".schema");
  fields.finish();
}

void read_response_format(field_reader& fields, grammar_choice& grammar) {
  const auto* value = fields.find("response_format");
  if (value == nullptr)
    return;
  if (!value->is_object())
    refuse_type("response_format", "an object", *value);
  field_reader format{value->get_object(), "response_format."};
  const auto type = format.string("type");
  if (!type)
    refuse("response_format.type", "response_format.type is missing");
  if (*type == "json_object")
    grammar.set(grammar_kind::json_object, {}, "response_format");
  else if (*type == "json_schema")
    read_json_schema(format, grammar);
  else if (*type != "text")
    refuse("response_format.type",
      "response_format.type must be 'text', 'json_object' or 'json_schema', got '" + *type + "'");
  format.finish();
}

/// The four ways to say it, under names that begin with `prefix`.
void read_guides(field_reader& fields, const std::string& prefix, grammar_choice& grammar) {
  const auto path = [&](const char* name) { return fields.path(prefix + name); };
  if (const auto* schema = fields.find(prefix + "json"))
    grammar.set(grammar_kind::json_schema, schema_text(*schema, path("json")), path("json"));
  if (auto regex = fields.string(prefix + "regex"))
    grammar.set(grammar_kind::regex, std::move(*regex), path("regex"));
  if (const auto* choice = fields.find(prefix + "choice"))
    grammar.set(grammar_kind::regex, choice_regex(*choice, path("choice")), path("choice"));
  if (auto lark = fields.string(prefix + "grammar"))
    grammar.set(grammar_kind::lark, std::move(*lark), path("grammar"));
}

} // namespace

void read_structured(field_reader& fields, native_request& request) {
  grammar_choice grammar{request};
  read_response_format(fields, grammar);
  read_guides(fields, "guided_", grammar);
  if (const auto* value = fields.find("structured_outputs")) {
    if (!value->is_object())
      refuse_type("structured_outputs", "an object", *value);
    field_reader inner{value->get_object(), "structured_outputs."};
    read_guides(inner, "", grammar);
    if (inner.boolean("json_object").value_or(false))
      grammar.set(grammar_kind::json_object, {}, "structured_outputs.json_object");
    inner.finish();
  }
  if (request.params.grammar != grammar_kind::none && request.params.ignore_eos)
    refuse("ignore_eos",
      "ignore_eos cannot be true together with " + request.grammar_field + ", which says where the answer ends");
}

} // namespace troupe::http::api
