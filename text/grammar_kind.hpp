// How a grammar is written down.
#pragma once

#include <cstdint>

namespace troupe::text {

enum class grammar_kind : std::uint8_t {
  none,
  /// A JSON schema, as JSON.
  json_schema,
  /// Any JSON object; needs no source.
  json_object,
  regex,
  /// A context-free grammar in Lark's notation.
  lark,
};

} // namespace troupe::text
