// The fields of a JSON object, read with their types and limits checked.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::http::api {

/// Reads an object field by field. A field that is null counts as absent. Every function throws `request_error`, with
/// a message that names field, limit and value, for a field that does not hold; `finish` does so for what nobody read.
class field_reader {
public:
  /// `prefix` goes before the names in errors: `messages[2].`.
  explicit field_reader(const boost::json::object& object, std::string prefix = {})
      : object_(object),
        prefix_(std::move(prefix)) {}

  const boost::json::value* find(std::string_view name);
  std::optional<std::string> string(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  /// A whole number; 5.0 is one.
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most);
  /// Between `least` and `most`; `least` itself only when `closed`.
  std::optional<double> number(std::string_view name, double least, double most, bool closed = true);
  /// A whole number of 64 bits, signed or not.
  std::optional<std::uint64_t> seed(std::string_view name);

  /// Refuses these known fields when they are there.
  void refuse_present(std::initializer_list<std::string_view> names);
  /// Refuses fields that nobody asked for, and says which are known here.
  void finish() const;

  /// A field's name as errors show it.
  std::string path(std::string_view name) const { return prefix_ + std::string{name}; }

private:
  /// What was asked for so far, for an error: `model, prompt`.
  std::string known_names() const;

  const boost::json::object& object_;
  std::string prefix_;
  std::vector<std::string> known_;
};

/// What stands there, for an error: `a string`, `-3`, `true`.
std::string describe(const boost::json::value& value);

/// Refuses a field of the wrong type: `top_p must be a number, got a string`.
[[noreturn]] void refuse_type(const std::string& path, std::string_view wanted, const boost::json::value& got);

/// Refuses a field that is known but not supported.
[[noreturn]] void refuse_unsupported(const std::string& path, std::string_view why = {});

} // namespace troupe::http::api
