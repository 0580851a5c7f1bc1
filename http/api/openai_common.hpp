// What the OpenAI endpoints share.
#pragma once

#include "http/api/call.hpp"
#include "http/api/fields.hpp"
#include "http/api/sampling.hpp"

namespace troupe::http::api {

/// Reads `model`, the sampling fields, `stream`, `stream_options` and `priority` into a call. Temperature is 1 where
/// nothing is said; only repeatable requests (temperature 0, or a seed) may be answered from the cache.
call read_openai_call(field_reader& fields, const call_context& context, answer_shape shape, std::uint32_t max_tokens);

} // namespace troupe::http::api
