// Tools for a model whose chat template knows of none.
#pragma once

#include <vector>

#include "actors/protocol/types.hpp"
#include "http/api/tool_definitions.hpp"

namespace troupe::http::api {

/// Tells such a model in its system message which tools there are and how hermes' form calls them (nothing where none
/// may be called), and writes earlier calls and their results into the messages' content, in the same form.
void explain_tools(const tool_set& set, std::vector<chat_message>& messages);

} // namespace troupe::http::api
