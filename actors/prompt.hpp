// From a request to the tokens that a model reads.
#pragma once

#include "actors/protocol/types.hpp"
#include "actors/world.hpp"

namespace troupe {

/// Bytes of a request's prompt: what tokenizing it costs.
std::size_t prompt_bytes(const native_request& request);

/// Renders and tokenizes a request's prompt, however long it is. What the template or the tokenizer refuses, and a
/// token outside the vocabulary, is an `invalid_request`. Other exceptions pass. Thread safe.
encoded_prompt tokenize_prompt(run_id run, const native_request& request, const model_text& text);

/// The same for a request that is to be run. A bias for a token outside the vocabulary and a grammar that cannot be
/// used are `invalid_request`s, too; a grammar's message gives the JSON Pointer of the part at fault.
///
/// A prompt that does not fit the context with at least one token of answer is a `context_length_exceeded`, unless
/// `trim_to_tokens` asks for the oldest messages to give way: then the fewest are dropped with which it fits both, and
/// never the system message or the last. A prompt that the template or the tokenizer refuses, that is empty, or that
/// names a token outside the vocabulary is an `invalid_request`. Other exceptions pass. Thread safe.
encoded_prompt encode_prompt(run_id run, const native_request& request, const model_text& text);

} // namespace troupe
