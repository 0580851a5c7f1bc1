#include "tests/text/json_schema_validator.hpp"

#include <algorithm>
#include <cmath>
#include <regex>
#include <set>
#include <stdexcept>

namespace troupe::text::testing {
namespace {

namespace json = boost::json;

bool is_whole(const json::value& value) {
  return value.is_int64() || value.is_uint64() ||
    (value.is_double() && value.get_double() == std::trunc(value.get_double()));
}

bool has_type(const json::value& value, std::string_view type) {
  if (type == "null")
    return value.is_null();
  if (type == "boolean")
    return value.is_bool();
  if (type == "string")
    return value.is_string();
  if (type == "array")
    return value.is_array();
  if (type == "object")
    return value.is_object();
  if (type == "integer")
    return is_whole(value);
  return value.is_number();
}

/// JSON Schema's equality: numbers by value.
bool equal(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number())
    return a.to_number<double>() == b.to_number<double>();
  return a == b;
}

double code_points(const json::string& text) {
  return static_cast<double>(
    std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool matches(const json::string& text, const json::value& pattern) {
  return std::regex_search(text.c_str(), std::regex{pattern.as_string().c_str()});
}

struct validator {
  const json::value& root;

  bool valid(const json::value& value, const json::value& schema) const {
    if (schema.is_bool())
      return schema.get_bool();
    const auto& fields = schema.as_object();
    return std::all_of(fields.begin(), fields.end(),
      [&](const auto& field) { return holds(value, std::string{field.key()}, field.value(), fields); });
  }

  bool holds(
    const json::value& value, const std::string& keyword, const json::value& rule, const json::object& fields) const {
    static const std::set<std::string> silent{"$defs", "title", "description", "default", "properties",
      "patternProperties", "additionalProperties", "prefixItems", "items"};
    if (keyword == "type") {
      const auto is = [&](const json::value& type) { return has_type(value, std::string_view{type.as_string()}); };
      return rule.is_string() ? is(rule) : std::any_of(rule.as_array().begin(), rule.as_array().end(), is);
    }
    if (keyword == "$ref")
      return valid(value, root.at_pointer(std::string_view{rule.as_string()}.substr(1)));
    if (keyword == "const")
      return equal(value, rule);
    if (keyword == "enum")
      return std::any_of(
        rule.as_array().begin(), rule.as_array().end(), [&](const auto& x) { return equal(value, x); });
    if (keyword == "anyOf" || keyword == "oneOf" || keyword == "allOf")
      return combined(value, keyword, rule.as_array());
    if (value.is_string() && (keyword == "minLength" || keyword == "maxLength" || keyword == "pattern"))
      return string_holds(value.get_string(), keyword, rule);
    if (value.is_number() && number_keywords().count(keyword) != 0)
      return number_holds(value.to_number<double>(), keyword, rule.to_number<double>());
    if (value.is_array() && (keyword == "minItems" || keyword == "maxItems"))
      return in_bound(static_cast<double>(value.get_array().size()), keyword, rule);
    if (value.is_object() && (keyword == "minProperties" || keyword == "maxProperties"))
      return in_bound(static_cast<double>(value.get_object().size()), keyword, rule);
    if (keyword == "required")
      return !value.is_object() || std::all_of(rule.as_array().begin(), rule.as_array().end(), [&](const auto& name) {
        return value.get_object().contains(name.as_string());
      });
    if (silent.count(keyword) != 0)
      return parts_hold(value, keyword, fields);
    if (number_keywords().count(keyword) == 0 && keyword.find("Length") == std::string::npos &&
      keyword.find("Items") == std::string::npos && keyword.find("Properties") == std::string::npos &&
      keyword != "pattern")
      throw std::runtime_error("the test's validator does not know " + keyword);
    return true;
  }

  bool combined(const json::value& value, const std::string& keyword, const json::array& options) const {
    const auto count = std::count_if(options.begin(), options.end(), [&](const auto& x) { return valid(value, x); });
    if (keyword == "allOf")
      return count == static_cast<std::ptrdiff_t>(options.size());
    return keyword == "oneOf" ? count == 1 : count > 0;
  }

  static bool in_bound(double size, const std::string& keyword, const json::value& rule) {
    return keyword.starts_with("min") ? size >= rule.to_number<double>() : size <= rule.to_number<double>();
  }

  static bool string_holds(const json::string& text, const std::string& keyword, const json::value& rule) {
    return keyword == "pattern" ? matches(text, rule) : in_bound(code_points(text), keyword, rule);
  }

  static const std::set<std::string>& number_keywords() {
    static const std::set<std::string> keywords{
      "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"};
    return keywords;
  }

  static bool number_holds(double number, const std::string& keyword, double rule) {
    if (keyword == "minimum")
      return number >= rule;
    if (keyword == "maximum")
      return number <= rule;
    if (keyword == "exclusiveMinimum")
      return number > rule;
    if (keyword == "exclusiveMaximum")
      return number < rule;
    const auto ratio = number / rule;
    return std::abs(ratio - std::round(ratio)) <= 1e-9 * std::max(1.0, std::abs(ratio));
  }

  /// The keywords that give schemas to the parts of an array or object, each on its own.
  bool parts_hold(const json::value& value, const std::string& keyword, const json::object& fields) const {
    if (value.is_array() && (keyword == "items" || keyword == "prefixItems")) {
      const auto& items = value.get_array();
      const auto* first = fields.if_contains("prefixItems");
      const auto fixed = first ? first->as_array().size() : 0;
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (keyword == "prefixItems" && i < fixed && !valid(items[i], first->at(i)))
          return false;
        if (keyword == "items" && i >= fixed && !valid(items[i], fields.at("items")))
          return false;
      }
    }
    if (value.is_object() && keyword.ends_with("roperties")) {
      for (const auto& [name, part] : value.get_object())
        if (!property_holds(json::string{name}, part, keyword, fields))
          return false;
    }
    return true;
  }

  bool property_holds(
    const json::string& name, const json::value& part, const std::string& keyword, const json::object& fields) const {
    bool known = false;
    if (const auto* named = fields.if_contains("properties"); named && named->as_object().contains(name)) {
      known = true;
      if (keyword == "properties" && !valid(part, named->at(name)))
        return false;
    }
    if (const auto* patterns = fields.if_contains("patternProperties")) {
      for (const auto& [pattern, schema] : patterns->as_object()) {
        if (!matches(name, json::value(pattern)))
          continue;
        known = true;
        if (keyword == "patternProperties" && !valid(part, schema))
          return false;
      }
    }
    return keyword != "additionalProperties" || known || valid(part, fields.at("additionalProperties"));
  }
};

} // namespace

bool is_valid(const boost::json::value& value, const boost::json::value& schema, const boost::json::value& root) {
  return validator{root}.valid(value, schema);
}

} // namespace troupe::text::testing
