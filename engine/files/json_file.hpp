// A JSON object from a model folder, read with errors that name the file and the field.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::engine {

/// Reads a whole file. Throws `load_error` when it cannot be read or has more than `limit` bytes.
std::string read_file(const std::filesystem::path& path, std::size_t limit);

/// Whether a folder has an entry of this name. One that cannot be read is there, too: reading it says why.
bool is_there(const std::filesystem::path& path);

/// Parses text as one JSON object. Throws `load_error` that begins with `where`.
boost::json::object parse_object(std::string_view text, const std::string& where);

/// The fields of one object. Getters return nothing for a field that is absent or null and throw `load_error` for
/// one of another type.
class json_fields {
public:
  json_fields(boost::json::object object, std::string where) : object_(std::move(object)), where_(std::move(where)) {}

  /// In the order of the file.
  std::vector<std::string> names() const;
  const boost::json::value* find(std::string_view name) const;
  std::optional<std::size_t> count(std::string_view name) const;
  std::optional<double> number(std::string_view name) const;
  std::optional<std::string> text(std::string_view name) const;
  std::optional<bool> flag(std::string_view name) const;
  std::optional<json_fields> object(std::string_view name) const;

  [[noreturn]] void refuse(std::string_view name, const std::string& why) const;

private:
  boost::json::object object_;
  std::string where_;
};

/// Reads a file of at most 32 MiB that holds one object. Throws `load_error`.
json_fields read_json(const std::filesystem::path& path);

} // namespace troupe::engine
