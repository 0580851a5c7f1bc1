#include "engine/checkpoint.hpp"

#include "engine/engine.hpp"
#include "engine/weights.hpp"
#include "tests/engine/file_builders.hpp"
#include "tests/engine/support.hpp"

#include <catch2/catch.hpp>

using namespace troupe::engine;
using namespace troupe::engine::testing;
using Catch::Matchers::Contains;

namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A copy of the tied tiny model with one text in its config replaced.
std::string complaint_about_config(const std::string& from, const std::string& to) {
  const scratch_folder folder;
  auto config = read(goldens / "tied" / "config.json");
  const auto at = config.find(from);
  REQUIRE(at != std::string::npos);
  folder.write("config.json", config.replace(at, from.size(), to));
  folder.write("model.safetensors", read(goldens / "tied" / "model.safetensors"));
  try {
    open_checkpoint(folder.path());
  } catch (const load_error& error) {
    return error.what();
  }
  return "";
}

std::string complaint_about_gguf(const gguf_builder& builder) {
  const scratch_folder folder;
  try {
    open_checkpoint(folder.write("model.gguf", builder.build()));
  } catch (const load_error& error) {
    CHECK_THAT(error.what(), Contains("model.gguf"));
    return error.what();
  }
  return "";
}

} // namespace

TEST_CASE("the default model's configuration is read from its metadata") {
  const auto model = open_checkpoint(default_model);
  CHECK(model.config.architecture == "llama");
  CHECK(model.config.vocabulary == 49152);
  CHECK(model.config.hidden == 576);
  CHECK(model.config.layers == 30);
  CHECK(model.config.heads == 9);
  CHECK(model.config.kv_heads == 3);
  CHECK(model.config.head_dim == 64);
  CHECK(model.config.intermediate == 1536);
  CHECK(model.config.context == 8192);
  CHECK(model.config.ropes.front().base == 100000);
  CHECK(model.config.tied_head);
  CHECK(model.digest.size() == 32);
}

TEST_CASE("a file that has become shorter since it was opened is an error that names it") {
  const scratch_folder folder;
  folder.write("config.json", read(goldens / "tied" / "config.json"));
  const auto file = folder.write("model.safetensors", read(goldens / "tied" / "model.safetensors"));
  const auto model = open_checkpoint(folder.path());
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  CHECK_THROWS_WITH(load_weights(model, at::kFloat, at::kCPU), Contains("model.safetensors: has become shorter"));
}

TEST_CASE("a digest tells models apart and is the same for a copy") {
  const auto tied = open_checkpoint(goldens / "tied").digest;
  CHECK(tied == open_checkpoint(goldens / "tied").digest);
  CHECK(tied != open_checkpoint(goldens / "untied").digest);
  const scratch_folder folder;
  folder.write("config.json", read(goldens / "tied" / "config.json"));
  auto weights = read(goldens / "tied" / "model.safetensors");
  folder.write("model.safetensors", weights);
  CHECK(tied == open_checkpoint(folder.path()).digest);
  weights.back() = static_cast<char>(weights.back() ^ 1);
  folder.write("model.safetensors", weights);
  CHECK(tied != open_checkpoint(folder.path()).digest);
}

TEST_CASE("weights that are missing, not used or of a wrong shape are each named") {
  CHECK(complaint_about_gguf(tiny_gguf()).empty());
  gguf_builder file;
  file.str("general.architecture", "llama").u32("llama.embedding_length", 4).u32("llama.block_count", 1);
  file.u32("llama.attention.head_count", 1).u32("llama.feed_forward_length", 6).u32("llama.context_length", 16);
  file.f32("llama.attention.layer_norm_rms_epsilon", 1e-5F);
  file.tensor("token_embd.weight", {4, 8}).tensor("output_norm.weight", {5}).tensor("blk.7.strange", {4});
  const auto why = complaint_about_gguf(file);
  CHECK_THAT(why, Contains("missing weights: 'blk.0.attn_norm.weight'") && Contains("and 1 more"));
  CHECK_THAT(why, Contains("of a wrong shape: 'output_norm.weight' is [5], not [4]"));
  CHECK_THAT(why, Contains("has no use for: 'blk.7.strange'"));
  CHECK_THAT(complaint_about_config("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3"),
    Contains("missing weights: 'model.layers.2.input_layernorm.weight'"));
  CHECK_THAT(complaint_about_config("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1"),
    Contains("has no use for: 'model.layers.1."));
  CHECK_THAT(complaint_about_config("\"intermediate_size\": 96", "\"intermediate_size\": 95"),
    Contains("'model.layers.0.mlp.gate_proj.weight' is [96, 48], not [95, 48]"));
}

TEST_CASE("a configuration that cannot be served is refused with the field's name") {
  CHECK_THAT(complaint_about_config("\"model_type\": \"llama\"", "\"model_type\": \"rwkv\""),
    Contains("architecture 'rwkv' is not served; known are llama, mistral"));
  CHECK_THAT(complaint_about_config("\"hidden_act\": \"silu\"", "\"hidden_act\": \"gelu\""),
    Contains("hidden_act must be silu or gelu_pytorch_tanh"));
  CHECK_THAT(complaint_about_config("\"attention_bias\": false", "\"attention_bias\": true"),
    Contains("missing weights: 'model.layers.0.self_attn.q_proj.bias'"));
  CHECK_THAT(complaint_about_config("\"num_attention_heads\": 3", "\"num_attention_heads\": 0"),
    Contains("num_attention_heads must be between 1 and 4096, got 0"));
  CHECK_THAT(complaint_about_config("\"num_key_value_heads\": 3", "\"num_key_value_heads\": 2"),
    Contains("multiple of the key-value heads"));
  CHECK_THAT(complaint_about_config("\"head_dim\": 16", "\"head_dim\": 15"), Contains("head size must be even"));
  CHECK_THAT(complaint_about_config("\"hidden_size\": 48", "\"hidden_size\": -48"), Contains("hidden_size"));
  CHECK_THAT(complaint_about_config("\"hidden_size\": 48", "\"hidden_size\": 9000000000000000000"),
    Contains("hidden size must be between"));
  CHECK_THAT(complaint_about_config("\"rope_type\": \"default\"", "\"rope_type\": \"spiral\""),
    Contains("rope_type must be default, linear, dynamic, llama3, yarn or longrope") && Contains("spiral"));
  CHECK_THAT(complaint_about_gguf(gguf_builder().str("general.architecture", "mamba").tensor("x", {4})),
    Contains("architecture 'mamba' is not served"));
  CHECK_THAT(complaint_about_gguf(gguf_builder().tensor("x", {4})), Contains("general.architecture"));
}

TEST_CASE("a model that is not there is refused with its path") {
  CHECK_THROWS_WITH(open_checkpoint("no/such/model"), Contains("no/such/model"));
  const scratch_folder folder;
  CHECK_THROWS_WITH(open_checkpoint(folder.path()), Contains("config.json"));
  folder.write("config.json", read(goldens / "tied" / "config.json"));
  CHECK_THROWS_WITH(open_checkpoint(folder.path()), Contains("there is no .safetensors file"));
  folder.write("model.safetensors.index.json", R"({"weight_map":{"a":"../../etc/passwd"}})");
  CHECK_THROWS_WITH(open_checkpoint(folder.path()), Contains("must name a file in the same folder"));
}
