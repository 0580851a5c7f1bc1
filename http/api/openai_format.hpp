// Answers as OpenAI's clients read them.
#pragma once

#include <memory>

#include "http/api/answer_format.hpp"

namespace troupe::http::api {

/// `chat.completion`, and its chunks.
std::unique_ptr<answer_format> make_chat_format(answer_style style);

/// `text_completion`, whole and in chunks.
std::unique_ptr<answer_format> make_completion_format(answer_style style);

} // namespace troupe::http::api
