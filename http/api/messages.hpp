// Chat messages from JSON.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <string>
#include <vector>

#include "actors/protocol/types.hpp"
#include "http/api/fields.hpp"

namespace troupe::http::api {

/// Reads the `messages` of a chat. `developer` becomes `system`, text parts are joined. Throws `request_error`.
std::vector<chat_message> read_messages(const boost::json::value& list, std::size_t most);

/// Reads the `conversation_history` of the own API: user, assistant and system, content a string.
std::vector<chat_message> read_history(const boost::json::value& list, std::size_t most);

/// Reads `content`: a string, or a list of parts whose texts are joined. `read_part` reads one part, named by its path.
/// Throws `request_error`.
std::string read_content(field_reader& fields,
  const std::function<std::string(const boost::json::value& part, const std::string& path)>& read_part);

} // namespace troupe::http::api
