// A tokenizer of bytes: token i is byte i, then the control tokens.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "actors/world.hpp"

namespace troupe::test {

inline constexpr text::token_id tiny_im_start = 256;
inline constexpr text::token_id tiny_im_end = 257;
inline constexpr std::size_t tiny_vocabulary = 258;

/// The bytes of a tokenizer.json: byte-level BPE without merges.
std::string tiny_tokenizer_json();

/// That tokenizer with a ChatML template. A message costs its bytes and those of its role, and three tokens; the
/// prompt for the answer 11.
model_text tiny_text(std::uint32_t context);
/// The same for the models that the tests' requests name: "tiny", "mini", "another", and no name.
model_texts tiny_texts(std::uint32_t context);

/// The tokens of a text.
std::vector<text::token_id> tiny_tokens(std::string_view text);

} // namespace troupe::test
