// Chat messages from JSON.
#pragma once

#include <boost/json/value.hpp>
#include <vector>

#include "actors/protocol/types.hpp"

namespace troupe::http::api {

/// Reads the `messages` of a chat. `developer` becomes `system`, text parts are joined. Throws `request_error`.
std::vector<chat_message> read_messages(const boost::json::value& list, std::size_t most);

/// Reads the `conversation_history` of the own API: user, assistant and system, content a string.
std::vector<chat_message> read_history(const boost::json::value& list, std::size_t most);

} // namespace troupe::http::api
