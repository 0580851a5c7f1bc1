// The kinds of grammars, for those who only pass one on.
#pragma once

#include <cstdint>

namespace troupe::text {

/// In what language a grammar is written.
enum class grammar_kind : std::uint8_t {
  /// No grammar: every token may come.
  none,
  /// A JSON schema (draft 2020-12). Enforced exactly, or refused.
  json_schema,
  /// Any JSON object. The source is not looked at.
  json_object,
  /// A regular expression in the syntax of the Rust crate `regex`. The whole text matches it.
  regex,
  /// A context-free grammar in the dialect of Lark that the crate `llguidance` reads; schemas behind `%json` are
  /// enforced
  /// as exactly as one alone.
  lark,
};

} // namespace troupe::text
