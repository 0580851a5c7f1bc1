#include "tests/text/goldens.hpp"
#include "text/tokenizer.hpp"

#include <catch2/catch.hpp>

using namespace troupe::text;

namespace {
constexpr auto parse = tokenizer::control::parse;
}

TEST_CASE("a SentencePiece vocabulary encodes by its scores, and what it cannot spell by bytes") {
  const auto tokens = tokenizer::from_gguf(goldens::sentence_piece_vocabulary());
  const auto file = goldens::read_json("sentence_piece.json");
  for (const auto& golden : file.at("cases").as_array()) {
    const auto text = goldens::text_of(golden, "text");
    INFO(text);
    const auto list = tokens->encode(text, parse, false);
    CHECK(list == goldens::token_list(golden.at("tokens")));
    CHECK(tokens->decode(list, true) == text);
    goldens::check_stream(tokens, list);
  }
}

TEST_CASE("a SentencePiece vocabulary without scores is ranked by its order") {
  auto vocabulary = goldens::sentence_piece_vocabulary();
  const auto scored = tokenizer::from_gguf(vocabulary);
  vocabulary.scores.clear();
  const auto ordered = tokenizer::from_gguf(vocabulary);
  const auto text = goldens::random_text(2000) + "Hello, world! It's fine.";
  CHECK(ordered->encode(text, parse, false) == scored->encode(text, parse, false));
}

TEST_CASE("SentencePiece tokens give their own bytes") {
  const auto tokens = tokenizer::from_gguf(goldens::sentence_piece_vocabulary());
  CHECK(tokens->token_bytes(3 + 0xf0) == "\xf0");
  CHECK(tokens->token_bytes(3) == std::string(1, '\0'));
  const auto list = tokens->encode("a b", parse, true);
  CHECK(list.front() == 1);
  std::string joined;
  for (std::size_t i = 1; i < list.size(); ++i)
    joined += tokens->token_bytes(list[i]);
  CHECK(joined == " a b");
  CHECK(tokens->decode(list, true) == "a b");
}

TEST_CASE("an unfinished character of byte tokens comes out as one replacement, and what follows is kept") {
  const auto tokens = tokenizer::from_gguf(goldens::sentence_piece_vocabulary());
  const std::vector<token_id> list{3 + 0xf0, 3 + 0x9f, 3 + 'a', 3 + 0xff, 3 + 0xc3, 3 + 0xa9, 3 + 0xe2};
  CHECK(tokens->decode(list, true) ==
    "\xef\xbf\xbd"
    "a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd");
  goldens::check_stream(tokens, list);
}

TEST_CASE("a vocabulary that asks for no space before a text gets none") {
  auto vocabulary = goldens::sentence_piece_vocabulary();
  vocabulary.add_space_prefix = false;
  const auto tokens = tokenizer::from_gguf(vocabulary);
  const auto list = tokens->encode(" a", parse, false);
  CHECK(tokens->decode(list, true) == " a");
  goldens::check_stream(tokens, list);
}
