// The tools that a request offers to the model, and whether it must call them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/api/fields.hpp"
#include "http/api/tool_format.hpp"

namespace troupe::http::api {

/// Most tools of a request, and bytes of a tool's name.
inline constexpr std::size_t max_tools = 128;
inline constexpr std::size_t max_tool_name_bytes = 64;

struct tool_definition {
  std::string name;
  std::string description;
  /// JSON schema of the arguments: the text of an object whose type is `object`; empty for a tool that takes none.
  std::string parameters;
  /// The arguments must hold by the schema in full: a keyword that cannot be enforced is an error.
  bool strict = false;
};

enum class tool_choice : std::uint8_t { none, automatic, required, named };

struct tool_set {
  std::vector<tool_definition> tools;
  tool_choice choice = tool_choice::none;
  /// The only tool that may be called, where the choice is `named`.
  std::string name;
  /// The model may call several tools in one answer.
  bool parallel = true;
  /// The array as sent, in OpenAI's shape, for the chat template; empty without tools.
  std::string tools_json;

  /// Whether the answer must be a call.
  bool forced() const { return choice == tool_choice::required || choice == tool_choice::named; }
};

/// Whether a function may be called this: 1 to 64 of a-z, A-Z, 0-9, `_` and `-`.
bool is_tool_name(std::string_view name);

/// Reads `tools`, `tool_choice` and `parallel_tool_calls`. The choice is `auto` where there are tools and nothing is
/// said. Throws `request_error` for what does not hold.
tool_set read_tools(field_reader& fields);

/// The grammar that holds an answer to its forced calls: Lark as llguidance reads it, the tools' JSON schemas embedded.
/// Allows exactly one call's markup of `format` (or, where the choice is `required` and calls may be parallel, one or
/// more) and nothing else, no text before or behind. Empty where no call is forced. A model without a form of its own
/// (`none`) calls in hermes' form; `forced_format` says which form the answer has then.
std::string forced_calls_grammar(const tool_set& set, tool_format format);

} // namespace troupe::http::api
