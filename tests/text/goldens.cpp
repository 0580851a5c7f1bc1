#include "tests/text/goldens.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace troupe::text::goldens {
namespace {

void append_utf8(std::string& text, std::uint32_t code) {
  const auto byte = [&text](std::uint32_t value) { text.push_back(static_cast<char>(value)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0 | code >> 6);
    byte(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    byte(0xe0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3f));
    byte(0x80 | (code & 0x3f));
  } else {
    byte(0xf0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3f));
    byte(0x80 | (code >> 6 & 0x3f));
    byte(0x80 | (code & 0x3f));
  }
}

} // namespace

std::string read(const std::string& name) {
  std::ifstream file{"tests/text/goldens/" + name, std::ios::binary};
  if (!file)
    throw std::runtime_error("tests/text/goldens/" + name + " cannot be read; run the tests from the source folder");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

boost::json::value read_json(const std::string& name) {
  return boost::json::parse(read(name));
}

std::vector<token_id> token_list(const boost::json::value& list) {
  return boost::json::value_to<std::vector<token_id>>(list);
}

std::string text_of(const boost::json::value& object, const char* field) {
  return boost::json::value_to<std::string>(object.at(field));
}

std::shared_ptr<const tokenizer> byte_level() {
  return tokenizer::from_json(read("byte_level.tokenizer.json"));
}

gguf_vocabulary byte_level_vocabulary() {
  const auto file = read_json("byte_level.tokenizer.json");
  const auto& model = file.at("model");
  const auto& added = file.at("added_tokens").as_array();
  gguf_vocabulary vocabulary;
  vocabulary.model = "gpt2";
  vocabulary.pre = "smollm";
  vocabulary.tokens.resize(model.at("vocab").as_object().size() + 1);
  vocabulary.token_types.resize(vocabulary.tokens.size(), 1);
  for (const auto& [token, id] : model.at("vocab").as_object())
    vocabulary.tokens.at(id.to_number<std::size_t>()) = token;
  for (const auto& token : added) {
    const auto id = token.at("id").to_number<std::size_t>();
    vocabulary.tokens.at(id) = text_of(token, "content");
    vocabulary.token_types.at(id) = token.at("special").as_bool() ? 3 : 4;
  }
  for (const auto& merge : model.at("merges").as_array())
    vocabulary.merges.push_back(std::string{merge.at(0).as_string()} + ' ' + std::string{merge.at(1).as_string()});
  return vocabulary;
}

gguf_vocabulary sentence_piece_vocabulary() {
  const auto file = read_json("sentence_piece.json");
  gguf_vocabulary vocabulary;
  vocabulary.model = "llama";
  vocabulary.tokens = boost::json::value_to<std::vector<std::string>>(file.at("tokens"));
  vocabulary.token_types = token_list(file.at("types"));
  for (const auto& score : file.at("scores").as_array())
    vocabulary.scores.push_back(score.to_number<float>());
  vocabulary.bos = 1;
  vocabulary.unknown = 0;
  return vocabulary;
}

std::string random_text(std::size_t size) {
  struct range {
    std::uint32_t first;
    std::uint32_t count;
  };
  constexpr std::array<range, 8> kinds{
    {{0x20, 95}, {0x20, 95}, {0x61, 26}, {0x61, 26}, {0x30, 10}, {0xa0, 0x2e0}, {0x4e00, 0x1000}, {0x1f300, 0x300}}};
  std::uint64_t state = 1;
  const auto draw = [&state](std::uint64_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint32_t>((state >> 33) % bound);
  };
  std::string text;
  while (text.size() < size) {
    const auto kind = kinds.at(draw(kinds.size()));
    append_utf8(text, kind.first + draw(kind.count));
  }
  return text;
}

std::string digest(const std::vector<token_id>& tokens) {
  std::uint64_t value = 0xcbf29ce484222325u;
  for (const auto token : tokens)
    for (int shift = 0; shift < 32; shift += 8)
      value = (value ^ (static_cast<std::uint32_t>(token) >> shift & 0xff)) * 0x100000001b3u;
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
  return text.data();
}

void check_cases(const tokenizer& tokens, const boost::json::value& file) {
  for (const auto& golden : file.at("cases").as_array()) {
    const auto text = text_of(golden, "text");
    INFO(text);
    const auto parsed = tokens.encode(text, tokenizer::control::parse, false);
    CHECK(parsed == token_list(golden.at("parsed")));
    const auto literal = tokens.encode(text, tokenizer::control::literal, false);
    CHECK(literal == token_list(golden.at("literal")));
    CHECK(tokens.decode(parsed, true) == text_of(golden, "decoded"));
    CHECK(tokens.decode(parsed, false) == text);
    CHECK(tokens.decode(literal, true) == text);
  }
  const auto text = random_text(65536);
  const auto list = tokens.encode(text, tokenizer::control::parse, false);
  CHECK(static_cast<std::int64_t>(list.size()) == file.at("random").at("count").as_int64());
  CHECK(digest(list) == text_of(file.at("random"), "digest"));
  CHECK(tokens.decode(list, true) == text);
}

namespace {

void check_stream(const std::shared_ptr<const tokenizer>& tokens, const std::vector<token_id>& list, specials mode) {
  const auto whole = tokens->decode(list, mode == specials::skip);
  stream_decoder stream{tokens, mode};
  std::string joined;
  const auto take = [&](const std::string& piece) {
    joined += piece;
    // A piece that began or ended inside a character would start or be followed by a continuation byte.
    const bool inside =
      joined.size() < whole.size() && (static_cast<unsigned char>(whole[joined.size()]) & 0xc0) == 0x80;
    return !inside && whole.compare(0, joined.size(), joined) == 0;
  };
  bool prefix = true;
  for (const auto token : list)
    prefix = prefix && take(stream.push(token));
  prefix = prefix && take(stream.finish());
  CHECK(prefix);
  CHECK(joined == whole);
}

} // namespace

void check_stream(const std::shared_ptr<const tokenizer>& tokens, const std::vector<token_id>& list) {
  check_stream(tokens, list, specials::skip);
  check_stream(tokens, list, specials::keep);
}

} // namespace troupe::text::goldens
