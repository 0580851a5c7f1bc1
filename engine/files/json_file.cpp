#include "engine/files/json_file.hpp"

#include "engine/engine.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cmath>
#include <fstream>

namespace troupe::engine {

namespace json = boost::json;

namespace {

// Parsed, it may take twenty times as much. Files in use have less than 10 MB.
constexpr std::size_t max_json = std::size_t{32} << 20;

} // namespace

std::string read_file(const std::filesystem::path& path, std::size_t limit) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error)
    throw load_error(path.string() + ": cannot be read: " + error.message());
  if (size > limit)
    throw load_error(
      path.string() + ": must have at most " + std::to_string(limit) + " bytes, has " + std::to_string(size));
  std::string text(size, '\0');
  std::ifstream in(path, std::ios::binary);
  if (!in.read(text.data(), static_cast<std::streamsize>(size)))
    throw load_error(path.string() + ": cannot be read");
  return text;
}

bool is_there(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::symlink_status(path, error).type() != std::filesystem::file_type::not_found;
}

json::object parse_object(std::string_view text, const std::string& where) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = 64;
  auto value = json::parse(text, error, {}, options);
  if (error)
    throw load_error(where + ": is not valid JSON: " + error.message());
  if (!value.is_object())
    throw load_error(where + ": must hold a JSON object");
  return std::move(value.get_object());
}

json_fields read_json(const std::filesystem::path& path) {
  return {parse_object(read_file(path, max_json), path.string()), path.string()};
}

void json_fields::refuse(std::string_view name, const std::string& why) const {
  std::string shown;
  if (const auto* value = object_.if_contains(name); value && !value->is_structured())
    shown = ", got " + json::serialize(*value).substr(0, 80);
  throw load_error(where_ + ": " + std::string(name) + " " + why + shown);
}

std::vector<std::string> json_fields::names() const {
  std::vector<std::string> names;
  for (const auto& field : object_)
    names.emplace_back(field.key());
  return names;
}

const json::value* json_fields::find(std::string_view name) const {
  const auto* value = object_.if_contains(name);
  return value && !value->is_null() ? value : nullptr;
}

std::optional<std::size_t> json_fields::count(std::string_view name) const {
  const auto* value = find(name);
  if (!value)
    return std::nullopt;
  if (value->is_int64() && value->get_int64() >= 0)
    return static_cast<std::size_t>(value->get_int64());
  if (value->is_uint64())
    return static_cast<std::size_t>(value->get_uint64());
  refuse(name, "must be a whole number that is not negative");
}

std::optional<double> json_fields::number(std::string_view name) const {
  const auto* value = find(name);
  if (!value)
    return std::nullopt;
  if (!value->is_number() || !std::isfinite(value->to_number<double>()))
    refuse(name, "must be a finite number");
  return value->to_number<double>();
}

std::optional<std::string> json_fields::text(std::string_view name) const {
  const auto* value = find(name);
  if (!value)
    return std::nullopt;
  if (!value->is_string())
    refuse(name, "must be a string");
  return std::string(value->get_string());
}

std::optional<bool> json_fields::flag(std::string_view name) const {
  const auto* value = find(name);
  if (!value)
    return std::nullopt;
  if (!value->is_bool())
    refuse(name, "must be true or false");
  return value->get_bool();
}

std::optional<json_fields> json_fields::object(std::string_view name) const {
  const auto* value = find(name);
  if (!value)
    return std::nullopt;
  if (!value->is_object())
    refuse(name, "must be an object");
  return json_fields(value->get_object(), where_ + ": " + std::string(name));
}

} // namespace troupe::engine
