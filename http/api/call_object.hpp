// A tool call's JSON object, read while it arrives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/api/json_scan.hpp"

namespace troupe::http::api {

/// Reads `{"name": "f", "arguments": {...}}` byte by byte. `parameters` means `arguments`; they may come before the
/// name, and be a string that holds JSON, which is then unescaped. Arguments that are null, or an empty string, are
/// `{}`; so are those of an object that ends without any. Other members are passed over. Not thread safe.
class call_object {
public:
  /// `strict`: a member that no call has, as long as `settled` does not hold, breaks the object.
  explicit call_object(bool strict = false) : strict_(strict) {}

  enum class state : std::uint8_t { open, closed, broken };

  /// Takes the next byte. `broken` is final, and the byte that broke it is not part of what was read.
  state step(char c);

  /// Known once the name's string is whole.
  const std::optional<std::string>& name() const { return name_; }
  /// Whether the name is known and the arguments have begun: a call, and nothing else.
  bool settled() const { return name_ && arguments_ != progress::absent; }
  /// Whether the arguments are whole.
  bool arguments_whole() const { return arguments_ == progress::whole; }
  /// The beginning of an escape that stands for nothing yet: lost, if the object breaks there.
  const std::string& undecided() const { return undecided_; }
  /// The arguments' bytes since the last time.
  std::string take_arguments() { return std::exchange(fresh_, {}); }

private:
  enum class progress : std::uint8_t { absent, begun, whole };
  /// What the bytes of the member that is open are for.
  enum class target : std::uint8_t { none, key, name, object, text, other };

  bool take(json_byte what, char c);
  bool begin_value(json_byte what, char c);
  bool begin_arguments(json_byte what, char c);
  bool take_text(char c);
  bool take_decoded(std::string_view decoded);
  bool end_string();
  bool end_key();
  void end_arguments(bool absent);

  bool strict_;
  json_scanner scan_;
  target target_ = target::none;
  std::string key_;
  std::string decoded_;
  string_decoder decoder_;
  std::optional<std::string> name_;
  progress arguments_ = progress::absent;
  /// Follows the JSON inside of arguments that are a string.
  json_scanner inner_;
  bool inner_begun_ = false;
  std::string undecided_;
  std::string fresh_;
};

} // namespace troupe::http::api
