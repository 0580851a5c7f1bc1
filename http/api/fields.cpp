#include "http/api/fields.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "http/api/errors.hpp"
#include "http/api/json_out.hpp"

namespace troupe::http::api {

namespace json = boost::json;

namespace {

[[noreturn]] void refuse_range(
  const std::string& path, const std::string& least, const std::string& most, const std::string& got) {
  refuse(path, path + " must be between " + least + " and " + most + ", got " + got);
}

} // namespace

std::string describe(const json::value& value) {
  switch (value.kind()) {
  case json::kind::null:
    return "null";
  case json::kind::bool_:
    return value.get_bool() ? "true" : "false";
  case json::kind::int64:
    return std::to_string(value.get_int64());
  case json::kind::uint64:
    return std::to_string(value.get_uint64());
  case json::kind::double_:
    return number_text(value.get_double());
  case json::kind::string:
    return "a string";
  case json::kind::array:
    return "an array";
  case json::kind::object:
    return "an object";
  }
  return "something else";
}

void refuse_type(const std::string& path, std::string_view wanted, const json::value& got) {
  refuse(path, path + " must be " + std::string{wanted} + ", got " + describe(got));
}

void refuse_unsupported(const std::string& path, std::string_view why) {
  refuse(path, path + " is not supported" + (why.empty() ? "" : ": " + std::string{why}), "unsupported_parameter");
}

const json::value* field_reader::find(std::string_view name) {
  known_.emplace_back(name);
  const auto* value = object_.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::optional<std::string> field_reader::string(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr)
    return {};
  if (!value->is_string())
    refuse_type(path(name), "a string", *value);
  return std::string{value->get_string()};
}

std::optional<bool> field_reader::boolean(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr)
    return {};
  if (!value->is_bool())
    refuse_type(path(name), "true or false", *value);
  return value->get_bool();
}

std::optional<std::int64_t> field_reader::integer(std::string_view name, std::int64_t least, std::int64_t most) {
  const auto* value = find(name);
  if (value == nullptr)
    return {};
  const auto check = [&](auto x) {
    if (std::cmp_less(x, least) || std::cmp_greater(x, most))
      refuse_range(path(name), std::to_string(least), std::to_string(most), describe(*value));
    return static_cast<std::int64_t>(x);
  };
  if (value->is_int64())
    return check(value->get_int64());
  if (value->is_uint64())
    return check(value->get_uint64());
  if (!value->is_double() || std::trunc(value->get_double()) != value->get_double())
    refuse_type(path(name), "an integer", *value);
  const auto x = value->get_double();
  if (x < -9e18 || x > 9e18)
    refuse_range(path(name), std::to_string(least), std::to_string(most), describe(*value));
  return check(static_cast<std::int64_t>(x));
}

std::optional<double> field_reader::number(std::string_view name, double least, double most, bool closed) {
  const auto* value = find(name);
  if (value == nullptr)
    return {};
  if (!value->is_number())
    refuse_type(path(name), "a number", *value);
  const auto x = value->to_number<double>();
  if (x > most || x < least || (!closed && x == least)) {
    const auto low = number_text(least) + (closed ? "" : " (not itself)");
    refuse_range(path(name), low, number_text(most), describe(*value));
  }
  return x;
}

std::optional<std::uint64_t> field_reader::seed(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr)
    return {};
  if (value->is_int64())
    return static_cast<std::uint64_t>(value->get_int64());
  if (value->is_uint64())
    return value->get_uint64();
  if (!value->is_double() || std::trunc(value->get_double()) != value->get_double())
    refuse_type(path(name), "an integer", *value);
  const auto x = value->get_double();
  // What has come as a double here and is the lowest number of 64 bits was a lower one that has been rounded.
  if (x <= -9223372036854775808.0 || x >= 9223372036854775808.0)
    refuse_range(path(name), "-9223372036854775808", "18446744073709551615", describe(*value));
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(x));
}

void field_reader::refuse_present(std::initializer_list<std::string_view> names) {
  for (auto name : names)
    if (find(name) != nullptr)
      refuse_unsupported(path(name));
}

std::string field_reader::known_names() const {
  const std::set<std::string_view> names{known_.begin(), known_.end()};
  std::string out;
  for (auto name : names)
    out.append(out.empty() ? "" : ", ").append(name);
  return out.empty() ? "none" : out;
}

void field_reader::finish() const {
  for (const auto& member : object_) {
    const std::string_view name{member.key().data(), member.key().size()};
    if (std::find(known_.begin(), known_.end(), name) == known_.end())
      refuse(path(name), "unknown field '" + path(name) + "'; known are: " + known_names(), "unknown_parameter");
  }
}

} // namespace troupe::http::api
