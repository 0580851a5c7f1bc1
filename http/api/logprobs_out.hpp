// Logprobs on the wire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actors/protocol/types.hpp"
#include "http/api/json_out.hpp"

namespace troupe::http::api {

/// JSON has no infinity: a logprob below every float's is what OpenAI's API shows for one.
double finite_logprob(std::uint32_t bits);

/// An entry's `token`, `logprob` and `bytes`.
void write_token_logprob(json_writer& w, std::string_view bytes, std::uint32_t logprob_bits);

/// Chat's form: `{"content": [{"token", "logprob", "bytes", "top_logprobs"}, ...], "refusal": null}`.
void write_chat_logprobs(json_writer& w, const std::vector<token_logprob>& tokens);

/// The legacy form: four lists with an entry per token. `top` is how many likeliest tokens were asked for; with none,
/// `top_logprobs` is null. `offset` counts the characters of the choice's text before these tokens and moves on.
void write_completion_logprobs(
  json_writer& w, const std::vector<token_logprob>& tokens, std::uint32_t top, std::size_t& offset);

/// A token as a name in JSON: its text, or `bytes:\\xe2\\x80` for a part of a character, so that two tokens never
/// share a name because of bytes that JSON cannot hold.
std::string token_name(std::string_view bytes);

} // namespace troupe::http::api
