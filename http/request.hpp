// One request as it came over the wire, head read and body whole.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::http {

struct request {
  std::string method;
  /// The target's path, still percent-encoded, without query. `*` for `OPTIONS *`.
  std::string path;
  std::string query;
  /// HTTP/1.`minor`.
  int minor = 1;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;

  /// The first field of that name, in any case; empty when there is none.
  std::string_view field(std::string_view name) const;
  /// Whether a comma-separated field has that word, in any case.
  bool field_has(std::string_view name, std::string_view word) const;
};

/// Compares ASCII text in any case.
bool same_word(std::string_view a, std::string_view b);
std::string_view trim_blanks(std::string_view text);

} // namespace troupe::http
