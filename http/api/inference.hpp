// The own API's rule for long histories.
#pragma once

#include <cstddef>
#include <vector>

#include "actors/protocol/types.hpp"

namespace troupe::http::api {

/// Keeps the last `window` messages; a system message that stands first stays too and is not counted. Returns how
/// many were cut.
std::uint32_t cut_history(std::vector<chat_message>& history, std::size_t window);

} // namespace troupe::http::api
