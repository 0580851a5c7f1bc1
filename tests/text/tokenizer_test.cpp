#include "tests/text/goldens.hpp"
#include "text/tokenizer.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <thread>

using namespace troupe::text;
using Catch::Contains;

namespace {

constexpr auto parse = tokenizer::control::parse;
constexpr auto literal = tokenizer::control::literal;

std::vector<token_id> random_tokens(const tokenizer& tokens, std::size_t count, unsigned seed) {
  std::mt19937 draw{seed};
  std::vector<token_id> list;
  for (std::size_t i = 0; i < count; ++i)
    list.push_back(static_cast<token_id>(draw() % tokens.vocabulary_size()));
  return list;
}

} // namespace

TEST_CASE("a tokenizer.json encodes and decodes as its maker's library does") {
  goldens::check_cases(*goldens::byte_level(), goldens::read_json("byte_level.cases.json"));
}

TEST_CASE("a GGUF vocabulary gives the same tokenizer as the tokenizer.json it was made from") {
  const auto vocabulary = goldens::byte_level_vocabulary();
  const auto tokens = tokenizer::from_gguf(vocabulary);
  CHECK(tokens->vocabulary_size() == vocabulary.tokens.size());
  CHECK(tokens->vocabulary_size() == goldens::byte_level()->vocabulary_size());
  goldens::check_cases(*tokens, goldens::read_json("byte_level.cases.json"));
}

TEST_CASE("the model's own leading and trailing tokens are put on where they are asked for") {
  auto vocabulary = goldens::byte_level_vocabulary();
  vocabulary.bos = 1;
  vocabulary.eos = 2;
  const auto tokens = tokenizer::from_gguf(vocabulary);
  CHECK(tokens->encode("", parse, true) == std::vector<token_id>{1, 2});
  CHECK(tokens->encode("", parse, false).empty());
  auto inner = tokens->encode("hi", literal, false);
  inner.insert(inner.begin(), 1);
  inner.push_back(2);
  CHECK(tokens->encode("hi", literal, true) == inner);
}

TEST_CASE("a token's bytes are the text's bytes, also inside a character") {
  const auto tokens = goldens::byte_level();
  const std::string text = "a \t\n\xc3\xa9 \xf0\x9f\x98\x80<|im_end|>";
  std::string joined;
  for (const auto token : tokens->encode(text, parse, false))
    joined += tokens->token_bytes(token);
  CHECK(joined == text);
  CHECK(tokens->token_bytes(tokens->encode("\xf0\x9f\x98\x80", parse, false).at(0)).front() == '\xf0');
}

TEST_CASE("a token that the vocabulary does not have gives no text and no crash") {
  const auto tokens = goldens::byte_level();
  const std::vector<token_id> list{-1, std::numeric_limits<token_id>::min(), std::numeric_limits<token_id>::max(),
    static_cast<token_id>(tokens->vocabulary_size())};
  CHECK(tokens->decode(list, true).empty());
  for (const auto token : list)
    CHECK(tokens->token_bytes(token).empty());
  goldens::check_stream(tokens, list);
}

TEST_CASE("text may hold NUL, and may be nothing") {
  const auto tokens = goldens::byte_level();
  const std::string text{"a\0b\0", 4};
  CHECK(tokens->decode(tokens->encode(text, parse, false), true) == text);
  CHECK(tokens->encode(std::string_view{}, parse, true).empty());
  CHECK(tokens->decode({}, true).empty());
}

TEST_CASE("text that is not UTF-8 is refused with the place") {
  const auto tokens = goldens::byte_level();
  for (const auto* text : {"ab\xff", "ab\xc3", "ab\xed\xa0\x80", "ab\xf5\x80\x80\x80", "ab\xc0\x80"})
    CHECK_THROWS_WITH(tokens->encode(text, parse, false), Contains("not valid UTF-8 at byte 2"));
}

TEST_CASE("a megabyte is encoded, whatever it is made of") {
  const auto tokens = goldens::byte_level();
  const std::size_t size = 1 << 20;
  for (const std::string unit : {"a", " ", "\n", "7", "\xc3\xa9", "ab c1 ", "<|im_end|>", "<|"}) {
    std::string text;
    while (text.size() < size)
      text += unit;
    const auto mode = unit == "<|im_end|>" ? literal : parse;
    CHECK(tokens->decode(tokens->encode(text, mode, false), true) == text);
  }
}

TEST_CASE("one tokenizer serves several threads") {
  const auto tokens = goldens::byte_level();
  const auto text = goldens::random_text(20000);
  const auto expected = tokens->encode(text, parse, false);
  std::vector<std::thread> threads;
  std::vector<int> equal(4, 0);
  for (std::size_t i = 0; i < equal.size(); ++i)
    threads.emplace_back([&, i] { equal[i] = tokens->encode(text, parse, false) == expected; });
  for (auto& thread : threads)
    thread.join();
  CHECK(equal == std::vector<int>(4, 1));
}

TEST_CASE("a stream gives the whole decode, whole characters at a time") {
  const auto tokens = goldens::byte_level();
  goldens::check_stream(tokens, {});
  goldens::check_stream(tokens, tokens->encode(goldens::random_text(20000), parse, false));
  for (unsigned seed = 0; seed < 50; ++seed)
    goldens::check_stream(tokens, random_tokens(*tokens, 200, seed));
}

TEST_CASE("a stream holds a character back until its last byte is there") {
  const auto tokens = goldens::byte_level();
  const auto list = tokens->encode("\xf0\x9f\x98\x80", parse, false);
  REQUIRE(list.size() > 1);
  stream_decoder stream{tokens};
  for (std::size_t i = 0; i + 1 < list.size(); ++i)
    CHECK(stream.push(list[i]).empty());
  stream_decoder moved{std::move(stream)};
  CHECK(moved.push(list.back()) == "\xf0\x9f\x98\x80");
  CHECK(moved.finish().empty());

  CHECK(moved.push(list.front()).empty());
  CHECK(moved.finish() == "\xef\xbf\xbd");
}

TEST_CASE("a stream outlives whoever made its tokenizer") {
  auto tokens = goldens::byte_level();
  const auto list = tokens->encode("still here", parse, false);
  stream_decoder stream{std::move(tokens)};
  std::string text;
  for (const auto token : list)
    text += stream.push(token);
  CHECK(text + stream.finish() == "still here");
}

TEST_CASE("a tokenizer.json that cannot be read is refused") {
  CHECK_THROWS_AS(tokenizer::from_json(""), text_error);
  CHECK_THROWS_WITH(tokenizer::from_json("{"), Contains("tokenizer.json"));
  CHECK_THROWS_AS(tokenizer::from_json(R"({"model":{"type":"Nothing"}})"), text_error);
  CHECK_THROWS_AS(tokenizer::from_json("\xff\xfe"), text_error);
  const auto with_id = [](const std::string& id) {
    return R"({"version":"1.0","model":{"type":"BPE","vocab":{"a":)" + id + R"(},"merges":[]}})";
  };
  CHECK(tokenizer::from_json(with_id("7"))->vocabulary_size() == 8);
  CHECK_THROWS_WITH(tokenizer::from_json(with_id("4294967295")),
    Contains("tokenizer.json: its greatest token must be below 16777216, got 4294967295"));
  CHECK_THROWS_AS(tokenizer::from_json(with_id("4294967296")), text_error);
  CHECK_THROWS_AS(tokenizer::from_json(with_id("-1")), text_error);
}

TEST_CASE("a GGUF vocabulary that does not hold together is refused with its field") {
  const auto good = goldens::byte_level_vocabulary();
  const auto refused = [&good](auto change, const char* words) {
    auto bad = good;
    change(bad);
    CHECK_THROWS_WITH(tokenizer::from_gguf(bad), Contains(words));
  };
  refused([](auto& v) { v.model = "wordpiece"; }, "tokenizer.ggml.model is 'wordpiece'");
  refused([](auto& v) { v.pre = "unheard-of"; }, "tokenizer.ggml.pre is 'unheard-of'");
  refused([](auto& v) { v.tokens.clear(); }, "tokenizer.ggml.tokens has 0 tokens");
  refused([](auto& v) { v.token_types.pop_back(); }, "tokenizer.ggml.token_type has");
  refused([](auto& v) { v.merges.emplace_back("nospace"); }, "got 'nospace'");
  refused([](auto& v) { v.merges.emplace_back("not there"); }, "tokenizer.ggml.merges");
  refused([](auto& v) { v.tokens[300] = v.tokens[301]; }, "twice");
  refused([](auto& v) { v.tokens[5] = "\xff"; }, "tokenizer.ggml.tokens 5 is not valid UTF-8");
  refused([](auto& v) { v.bos = 70000; }, "tokenizer.ggml.bos_token_id must be below");
}

TEST_CASE("every pre-tokenizer that is known splits all text and loses none") {
  auto vocabulary = goldens::byte_level_vocabulary();
  const auto text = goldens::random_text(4096) + " it's 12345  two\n\n x_y\r\n";
  for (const auto* name : {"", "default", "gpt-2", "phi-2", "smollm", "starcoder", "refact", "codeshell", "llama-bpe",
         "llama3", "llama-v3", "smaug-bpe", "falcon3", "pixtral", "dbrx", "tekken", "gpt-4o", "llama4"}) {
    INFO(name);
    vocabulary.pre = name;
    const auto tokens = tokenizer::from_gguf(vocabulary);
    CHECK(tokens->decode(tokens->encode(text, literal, false), true) == text);
  }
  // These compose characters first.
  for (const auto* name : {"mpt", "olmo", "command-r", "qwen2", "deepseek-r1-qwen"}) {
    INFO(name);
    vocabulary.pre = name;
    const auto tokens = tokenizer::from_gguf(vocabulary);
    CHECK(tokens->decode(tokens->encode("e\xcc\x81 123", literal, false), true) == "\xc3\xa9 123");
  }
}
