#include "engine/engine.hpp"

#include "tests/engine/file_builders.hpp"
#include "tests/engine/support.hpp"

#include <catch2/catch.hpp>

using namespace troupe::engine;
using namespace troupe::engine::testing;
using Catch::Matchers::Contains;

TEST_CASE("the default model's tokenizer is described by its metadata") {
  const auto assets = read_text_assets(default_model);
  CHECK(assets.tokenizer_json.empty());
  CHECK(assets.tokenizer_model == "gpt2");
  CHECK(assets.pre_tokenizer == "smollm");
  CHECK(assets.tokens.size() == 49152);
  CHECK(assets.token_types.size() == 49152);
  CHECK(assets.merges.size() == 48900);
  CHECK(assets.tokens[2] == "<|im_end|>");
  CHECK(assets.bos == 1);
  CHECK(assets.unknown == 0);
  CHECK(assets.eos == std::vector<token_id>{2});
  CHECK_FALSE(assets.add_bos);
  CHECK(assets.bos_text == "<|im_start|>");
  CHECK(assets.eos_text == "<|im_end|>");
  CHECK_THAT(assets.chat_template, Contains("You are a helpful AI assistant named SmolLM"));
}

TEST_CASE("a Hugging Face folder's tokenizer files are read") {
  const scratch_folder folder;
  folder.write("tokenizer.json", R"({"version":"1.0"})");
  folder.write("config.json", R"({"eos_token_id":7,"bos_token_id":1})");
  folder.write("tokenizer_config.json",
    R"({"bos_token":{"content":"<s>"},"eos_token":"</s>","add_bos_token":true,)"
    R"("chat_template":[{"name":"tool_use","template":"no"},)"
    R"({"name":"default","template":"yes"}]})");
  folder.write("generation_config.json",
    R"({"eos_token_id":[8,7,9],"do_sample":true,"temperature":0.6,"top_p":0.9,"top_k":40,)"
    R"("min_p":0.05,"repetition_penalty":1.1})");
  auto assets = read_text_assets(folder.path());
  CHECK(assets.tokenizer_json == R"({"version":"1.0"})");
  CHECK(assets.eos == std::vector<token_id>{8, 7, 9});
  CHECK(assets.bos == 1);
  CHECK(assets.bos_text == "<s>");
  CHECK(assets.eos_text == "</s>");
  CHECK(assets.add_bos);
  CHECK(assets.chat_template == "yes");
  CHECK(assets.temperature == 0.6F);
  CHECK(assets.top_p == 0.9F);
  CHECK(assets.top_k == 40);
  CHECK(assets.min_p == 0.05F);
  CHECK(assets.repetition_penalty == 1.1F);
  folder.write("chat_template.jinja", "a file of its own");
  folder.write("generation_config.json", R"({"eos_token_id":8,"temperature":0.6,"repetition_penalty":1.2})");
  assets = read_text_assets(folder.path());
  CHECK(assets.chat_template == "a file of its own");
  CHECK_FALSE(assets.temperature);
  CHECK(assets.repetition_penalty == 1.2F);
}

TEST_CASE("what a SentencePiece GGUF file does not say is as llama.cpp takes it") {
  const scratch_folder folder;
  auto file = tiny_gguf();
  file.str("tokenizer.ggml.model", "llama").strs("tokenizer.ggml.tokens", {"<unk>", "<s>", "</s>", "a"});
  auto assets = read_text_assets(folder.write("silent.gguf", file.build()));
  CHECK(assets.unknown == 0);
  CHECK(assets.bos == 1);
  CHECK(assets.bos_text == "<s>");
  CHECK(assets.eos == std::vector<token_id>{2});
  CHECK(assets.eos_text == "</s>");
  CHECK(assets.add_bos);
  CHECK_FALSE(assets.add_eos);
  file.raw("tokenizer.ggml.add_bos_token", 7, std::string(1, '\0')).u32("tokenizer.ggml.eos_token_id", 3);
  assets = read_text_assets(folder.write("spoken.gguf", file.build()));
  CHECK_FALSE(assets.add_bos);
  CHECK(assets.eos == std::vector<token_id>{3});
}

TEST_CASE("the control token that ends a turn ends an answer, also where a GGUF file names the end of a text alone") {
  const scratch_folder folder;
  auto file = tiny_gguf();
  file.str("tokenizer.ggml.model", "gpt2").str("tokenizer.ggml.pre", "llama-bpe");
  file.strs("tokenizer.ggml.tokens", {"<|end_of_text|>", "<|eot_id|>", "<|im_end|>", "a"});
  const std::int32_t types[] = {3, 3, 1, 1};
  std::string array = bytes_of<std::uint32_t>(5) + bytes_of<std::uint64_t>(4);
  for (const auto type : types)
    array += bytes_of(type);
  file.raw("tokenizer.ggml.token_type", 9, array).u32("tokenizer.ggml.eos_token_id", 0);
  const auto assets = read_text_assets(folder.write("model.gguf", file.build()));
  CHECK(assets.eos == std::vector<token_id>{0, 1});
  CHECK(assets.add_bos);
}

TEST_CASE("a GGUF file's sampling defaults are read, and one that no request may ask for is refused") {
  const scratch_folder folder;
  auto file = tiny_gguf();
  file.str("tokenizer.ggml.model", "gpt2").strs("tokenizer.ggml.tokens", {"a", "b"});
  file.f32("general.sampling.temp", 0.6F).f32("general.sampling.top_p", 0.9F).u32("general.sampling.top_k", 40);
  file.f32("general.sampling.min_p", 0.05F).f32("general.sampling.penalty_repeat", 1.1F);
  const auto assets = read_text_assets(folder.write("model.gguf", file.build()));
  CHECK(assets.temperature == 0.6F);
  CHECK(assets.top_p == 0.9F);
  CHECK(assets.top_k == 40);
  CHECK(assets.min_p == 0.05F);
  CHECK(assets.repetition_penalty == 1.1F);
  auto odd = tiny_gguf();
  odd.str("tokenizer.ggml.model", "gpt2").strs("tokenizer.ggml.tokens", {"a", "b"}).f32("general.sampling.temp", -1);
  CHECK_THROWS_WITH(read_text_assets(folder.write("odd.gguf", odd.build())),
    Contains("odd.gguf: metadata 'general.sampling.temp' must be between 0 and 2, got -1"));
  folder.write("tokenizer.json", "{}");
  folder.write("config.json", "{}");
  folder.write("generation_config.json", R"({"repetition_penalty":0})");
  CHECK_THROWS_WITH(read_text_assets(folder.path()),
    Contains("generation_config.json: repetition_penalty must be between 0.01 and 2, got 0"));
}

TEST_CASE("tokenizer files that do not hold are refused with file and field") {
  const scratch_folder folder;
  CHECK_THROWS_WITH(read_text_assets(folder.path()), Contains("tokenizer.json"));
  folder.write("tokenizer.json", "{}");
  folder.write("config.json", R"({"eos_token_id":"x"})");
  CHECK_THROWS_WITH(read_text_assets(folder.path()), Contains("config.json") && Contains("eos_token_id"));
  auto file = tiny_gguf();
  CHECK_THROWS_WITH(
    read_text_assets(folder.write("a.gguf", file.build())), Contains("a.gguf") && Contains("tokenizer.ggml.model"));
  file.str("tokenizer.ggml.model", "gpt2").strs("tokenizer.ggml.tokens", {"a", "b"});
  file.u32("tokenizer.ggml.bos_token_id", 2);
  CHECK_THROWS_WITH(read_text_assets(folder.write("b.gguf", file.build())),
    Contains("tokenizer.ggml.bos_token_id") && Contains("must be below 2, got 2"));
}

TEST_CASE("what ranks a SentencePiece vocabulary in a GGUF file, and whether it sees a space in front, is read") {
  const scratch_folder folder;
  auto file = tiny_gguf();
  file.str("tokenizer.ggml.model", "llama").strs("tokenizer.ggml.tokens", {"<unk>", "a", "b", "ab"});
  const float scores[] = {0, -1, -2, -0.5F};
  std::string array = bytes_of<std::uint32_t>(6) + bytes_of<std::uint64_t>(4);
  for (const auto score : scores)
    array += bytes_of(score);
  file.raw("tokenizer.ggml.scores", 9, array).raw("tokenizer.ggml.add_space_prefix", 7, std::string(1, '\0'));
  const auto assets = read_text_assets(folder.write("model.gguf", file.build()));
  CHECK(assets.scores == std::vector<float>{0, -1, -2, -0.5F});
  CHECK_FALSE(assets.add_space_prefix);
}
