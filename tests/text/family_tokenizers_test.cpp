// The tokenizers of the model families, as their folders and as GGUF files describe them.
#include "tests/text/goldens.hpp"
#include "text/tokenizer.hpp"

#include <catch2/catch.hpp>

using namespace troupe::text;

namespace {

constexpr auto parse = tokenizer::control::parse;

/// What a GGUF file would say of a golden's tokenizer.json.
gguf_vocabulary vocabulary_of(const boost::json::value& golden) {
  const auto& described = golden.at("tokenizer");
  const auto& model = described.at("model");
  gguf_vocabulary vocabulary;
  vocabulary.model = goldens::text_of(golden.at("gguf"), "model");
  vocabulary.pre = goldens::text_of(golden.at("gguf"), "pre");
  const auto put = [&](std::size_t id, std::string text, token_id type) {
    if (id >= vocabulary.tokens.size()) {
      vocabulary.tokens.resize(id + 1);
      vocabulary.token_types.resize(id + 1, 1);
    }
    vocabulary.tokens[id] = std::move(text);
    vocabulary.token_types[id] = type;
  };
  for (const auto& [token, id] : model.at("vocab").as_object())
    put(id.to_number<std::size_t>(), token, 1);
  for (const auto& token : described.at("added_tokens").as_array())
    put(token.at("id").to_number<std::size_t>(), goldens::text_of(token, "content"),
      token.at("special").as_bool() ? 3 : 4);
  const bool sentence_piece = vocabulary.model == "llama";
  if (!sentence_piece)
    for (const auto& merge : model.at("merges").as_array())
      vocabulary.merges.push_back(std::string{merge.at(0).as_string()} + ' ' + std::string{merge.at(1).as_string()});
  vocabulary.bos = 1;
  vocabulary.unknown = sentence_piece ? 0 : -1;
  if (sentence_piece)
    vocabulary.add_space_prefix = described.at("decoder").at("decoders").as_array().size() == 4;
  return vocabulary;
}

void check_family(const std::shared_ptr<const tokenizer>& tokens, const boost::json::value& golden) {
  for (const auto& entry : golden.at("cases").as_array()) {
    const auto text = goldens::text_of(entry, "text");
    INFO(text);
    const auto parsed = tokens->encode(text, parse, false);
    CHECK(parsed == goldens::token_list(entry.at("parsed")));
    CHECK(tokens->encode(text, tokenizer::control::literal, false) == goldens::token_list(entry.at("literal")));
    auto whole = tokens->encode(text, parse, true);
    CHECK(tokens->decode(whole, true) == goldens::text_of(entry, "decoded"));
    CHECK(tokens->decode(whole, false) == goldens::text_of(entry, "with_special"));
    goldens::check_stream(tokens, whole);
    REQUIRE(!whole.empty());
    CHECK(whole.front() == 1);
    whole.erase(whole.begin());
    CHECK(whole == parsed);
  }
  const auto list = tokens->encode(goldens::random_text(65536), parse, false);
  CHECK(static_cast<std::int64_t>(list.size()) == golden.at("random").at("count").as_int64());
  CHECK(goldens::digest(list) == goldens::text_of(golden.at("random"), "digest"));
  goldens::check_stream(tokens, list);
}

} // namespace

TEST_CASE("a family's tokenizer.json encodes, decodes and streams as the tokenizers package does") {
  const auto families = goldens::read_json("families.json");
  for (const auto& [name, golden] : families.as_object())
    DYNAMIC_SECTION(name) {
      check_family(tokenizer::from_json(boost::json::serialize(golden.at("tokenizer"))), golden);
    }
}

TEST_CASE("a family's tokenizer in a GGUF file gives the same tokens as its tokenizer.json") {
  const auto families = goldens::read_json("families.json");
  std::size_t checked = 0;
  for (const auto& [name, golden] : families.as_object())
    if (golden.as_object().contains("gguf")) {
      ++checked;
      INFO(name);
      check_family(tokenizer::from_gguf(vocabulary_of(golden)), golden);
    }
  CHECK(checked == 8);
}
