// How a model's chat template writes tool calls and thoughts.
#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::http::api {

/// The markup that a model puts around a call.
///   hermes       <tool_call>\n{"name": "f", "arguments": {...}}\n</tool_call>, several in a row
///   llama3_json  the whole answer is {"name": "f", "parameters": {...}}, several with `;` between
///   mistral      [TOOL_CALLS][{"name": "f", "arguments": {...}}, ...], [TOOL_CALLS]f{...} or [TOOL_CALLS]f[ARGS]{...}
enum class tool_format : std::uint8_t { none, hermes, llama3_json, mistral };

/// Recognizes the form by what stands in the template; `none` for a template that knows no tools, or a form that is
/// not known here.
tool_format detect_tool_format(std::string_view chat_template);

/// Whether the model of this template thinks between `<think>` and `</think>`.
bool template_thinks(std::string_view chat_template);

/// Whether a rendered prompt ends inside of thoughts: its template has written `<think>` for the model.
bool prompt_opens_thoughts(std::string_view prompt);

/// The form of a call that a request forces: a model without one of its own is held to hermes.
tool_format forced_format(tool_format own);

} // namespace troupe::http::api
