// What only the own API has.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "actors/protocol/types.hpp"
#include "http/api/answer_format.hpp"

namespace troupe::http::api {

/// Keeps the last `window` messages; a system message that stands first stays too and is not counted. Returns how
/// many were cut.
std::uint32_t cut_history(std::vector<chat_message>& history, std::size_t window);

/// Writes the own API's answers: the text with what it cost.
std::unique_ptr<answer_format> make_inference_format(answer_style style);

} // namespace troupe::http::api
