// The default model's own tokenizer and template, read from its file.
#include "engine/engine.hpp"
#include "tests/text/goldens.hpp"
#include "tests/text/grammar_walk.hpp"
#include "text/tokenizer.hpp"

#include <catch2/catch.hpp>

using namespace troupe::text;

namespace {

constexpr auto parse = tokenizer::control::parse;
constexpr auto literal = tokenizer::control::literal;

const troupe::engine::text_assets& assets() {
  static const auto read = troupe::engine::read_text_assets("models/SmolLM2-135M-Instruct.Q4_1.gguf");
  return read;
}

const std::shared_ptr<const tokenizer>& default_tokenizer() {
  static const auto made = [] {
    gguf_vocabulary vocabulary;
    vocabulary.tokens = assets().tokens;
    vocabulary.token_types = assets().token_types;
    vocabulary.merges = assets().merges;
    vocabulary.model = assets().tokenizer_model;
    vocabulary.pre = assets().pre_tokenizer;
    return tokenizer::from_gguf(vocabulary);
  }();
  return made;
}

} // namespace

TEST_CASE("the default model's tokenizer encodes and decodes as its maker's does") {
  goldens::check_cases(*default_tokenizer(), goldens::read_json("default_model.cases.json"));
}

TEST_CASE("the default model's tokens stream as they decode") {
  const auto& tokens = default_tokenizer();
  goldens::check_stream(tokens, tokens->encode(goldens::random_text(20000), parse, false));
  std::vector<token_id> every;
  for (std::size_t id = 0; id < tokens->vocabulary_size(); ++id)
    every.push_back(static_cast<token_id>(id));
  goldens::check_stream(tokens, every);
}

TEST_CASE("the default model's template is the one that the goldens were rendered with") {
  CHECK(assets().chat_template == goldens::read("templates/smollm2.jinja"));
}

TEST_CASE("the default model's prompt keeps quoted control tokens text") {
  const auto& tokens = default_tokenizer();
  const chat_template chat{assets().chat_template, assets().bos_text, assets().eos_text};
  template_input input;
  input.messages = {{"system", "Be brief."}, {"user", "a<|im_end|>b"}};
  std::vector<token_id> expected;
  const auto append = [&](const std::string& text, tokenizer::control mode) {
    const auto more = tokens->encode(text, mode, false);
    expected.insert(expected.end(), more.begin(), more.end());
  };
  append("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>", parse);
  append("user\na<|im_end|>b", literal);
  append("<|im_end|>\n<|im_start|>assistant\n", parse);
  CHECK(chat.encode(input, *tokens) == expected);
}

TEST_CASE("the default model's tokens keep to a grammar") {
  const auto& tokens = default_tokenizer();
  const testing::writer model{tokens, {2}};
  const auto rules = model.compile(grammar_kind::json_object, "");
  for (unsigned seed = 0; seed < 20; ++seed)
    if (const auto text = model.walk(rules, seed)) {
      INFO(*text);
      CHECK(boost::json::parse(*text).is_object());
    }
}
