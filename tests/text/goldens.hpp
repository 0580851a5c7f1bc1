// Reads the expected values beside these tests, and makes tokenizers out of them.
#pragma once

#include "text/tokenizer.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace troupe::text::goldens {

/// A file of tests/text/goldens, as text and as JSON. Throws when it is not there.
std::string read(const std::string& name);
boost::json::value read_json(const std::string& name);

std::vector<token_id> token_list(const boost::json::value& list);
std::string text_of(const boost::json::value& object, const char* field);

/// The byte-level tokenizer of the goldens, and what a GGUF file would say of it.
std::shared_ptr<const tokenizer> byte_level();
gguf_vocabulary byte_level_vocabulary();
/// The SentencePiece vocabulary of the goldens.
gguf_vocabulary sentence_piece_vocabulary();

/// `size` bytes of characters of many kinds: the text that the goldens' digests are of.
std::string random_text(std::size_t size);
/// FNV-1a over the tokens, as the goldens have it.
std::string digest(const std::vector<token_id>& tokens);

/// Checks encodings and decodings of a `*.cases.json` against a tokenizer.
void check_cases(const tokenizer& tokens, const boost::json::value& file);
/// Checks streams of these tokens, with and without special tokens, against their whole decode.
void check_stream(const std::shared_ptr<const tokenizer>& tokens, const std::vector<token_id>& list);

} // namespace troupe::text::goldens
