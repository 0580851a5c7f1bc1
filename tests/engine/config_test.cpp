// What configurations say beside their sizes, and how those that say something else are refused. That they are read
// rightly is families_test.cpp's: there transformers is the judge.
#include "engine/engine.hpp"
#include "engine/files/gguf.hpp"
#include "engine/files/json_file.hpp"
#include "engine/model_config.hpp"
#include "tests/engine/file_builders.hpp"
#include "tests/engine/recipes.hpp"

#include <boost/json/value.hpp>

#include <catch2/catch.hpp>

using namespace troupe::engine;
using namespace troupe::engine::testing;
using Catch::Matchers::Contains;

namespace {

/// A recipe's config.json with one field set, or without it where the value is null.
json_fields config_with(const std::string& recipe, const std::string& field, const boost::json::value& value) {
  auto object = read_json(recipes / (recipe + ".json")).find("config")->get_object();
  if (value.is_null())
    object.erase(field);
  else
    object[field] = value;
  return {object, "config.json"};
}

model_config config_of(const std::string& recipe, const std::string& field, const boost::json::value& value) {
  return read_config(config_with(recipe, field, value), "config.json");
}

std::string complaint(const std::string& recipe, const std::string& field, const boost::json::value& value) {
  try {
    config_of(recipe, field, value);
  } catch (const load_error& error) {
    CHECK_THAT(error.what(), Contains("config.json: "));
    return error.what();
  }
  return "";
}

std::string gguf_complaint(const gguf_builder& builder) {
  const scratch_folder folder;
  try {
    read_config(gguf_file(folder.write("model.gguf", builder.build())));
  } catch (const load_error& error) {
    CHECK_THAT(error.what(), Contains("model.gguf: "));
    return error.what();
  }
  return "";
}

} // namespace

TEST_CASE("an unknown model type is refused with the list of those known, in each kind of file") {
  CHECK_THAT(complaint("llama", "model_type", "rwkv"),
    Contains(
      "architecture 'rwkv' is not served; known are llama, mistral, mixtral, qwen2, qwen2_moe, qwen3, qwen3_moe, "
      "olmoe, gemma3_text, gemma3, phi3, smollm3"));
  CHECK_THAT(gguf_complaint(gguf_builder().str("general.architecture", "mamba").tensor("x", {4})),
    Contains("architecture 'mamba' is not served; known are llama, qwen2, qwen2moe, qwen3, qwen3moe, olmoe, gemma3, "
             "phi3, smollm3"));
}

TEST_CASE("what would be computed wrongly is refused, by field") {
  CHECK_THAT(complaint("llama", "mlp_bias", true), Contains("mlp_bias must be false"));
  CHECK_THAT(complaint("olmoe", "clip_qkv", 8.0), Contains("clip_qkv must be null"));
  CHECK_THAT(complaint("gemma3", "final_logit_softcapping", 30.0), Contains("final_logit_softcapping must be null"));
  CHECK_THAT(complaint("gemma3", "hidden_activation", "relu"), Contains("hidden_activation must be silu or gelu"));
  CHECK_THAT(complaint("llama", "quantization_config", boost::json::object{}), Contains("quantization_config"));
}

TEST_CASE("layers that are described wrongly are refused, by field") {
  CHECK_THAT(complaint("qwen3_window", "layer_types", boost::json::array{"full_attention"}),
    Contains("layer_types must be an array with an entry for each of 3 layers"));
  const boost::json::array odd{"full_attention", "linear_attention", "full_attention"};
  CHECK_THAT(complaint("qwen3_window", "layer_types", odd), Contains("full_attention and sliding_attention only"));
  CHECK_THAT(complaint("gemma3", "sliding_window_pattern", 0), Contains("sliding_window_pattern must be at least 1"));
  CHECK_THAT(complaint("gemma3", "query_pre_attn_scalar", -1), Contains("query_pre_attn_scalar must be a positive"));
  CHECK_THAT(complaint("smollm3", "no_rope_layers", boost::json::array{1, 0}), Contains("no_rope_layers must have"));
  CHECK_THAT(complaint("smollm3", "no_rope_layer_interval", 0), Contains("no_rope_layer_interval must be at least 1"));
  CHECK_THAT(
    complaint("llama", "num_hidden_layers", 9000000000000000000), Contains("num_hidden_layers must be between"));
}

TEST_CASE("experts that cannot be are refused, by field") {
  CHECK_THAT(complaint("mixtral", "num_local_experts", nullptr), Contains("num_local_experts is missing"));
  CHECK_THAT(complaint("qwen3_moe", "num_experts_per_tok", 9), Contains("experts per token must be between 1 and 8"));
  CHECK_THAT(complaint("qwen3_moe", "num_experts", 1000000), Contains("number of experts must be between 1 and 4096"));
  CHECK_THAT(complaint("qwen2_moe", "decoder_sparse_step", 0), Contains("decoder_sparse_step must be at least 1"));
  CHECK_THAT(complaint("qwen2_moe", "mlp_only_layers", boost::json::array{-1}), Contains("mlp_only_layers must be"));
  CHECK_THAT(complaint("qwen2_moe", "shared_expert_intermediate_size", nullptr), Contains("is missing"));
}

TEST_CASE("rope scaling that cannot be is refused, by field") {
  const auto scaling = [](boost::json::object fields) { return complaint("llama", "rope_scaling", std::move(fields)); };
  CHECK_THAT(
    scaling({{"rope_type", "spiral"}}), Contains("must be default, linear, dynamic, llama3, yarn or longrope"));
  CHECK_THAT(scaling({{"type", "linear"}}), Contains("rope_scaling: factor must be a positive number"));
  CHECK_THAT(scaling({{"type", "yarn"}, {"factor", 2}, {"original_max_position_embeddings", 1e300}}),
    Contains("original_max_position_embeddings must be between 2 and 16777216"));
  CHECK_THAT(
    scaling({{"type", "longrope"}, {"short_factor", {1, 2}}}), Contains("short_factor must be an array of 8 numbers"));
  CHECK_THAT(complaint("phi3", "partial_rotary_factor", 1.5), Contains("partial_rotary_factor must be above 0"));
  CHECK_THAT(complaint("phi3", "partial_rotary_factor", 0.2), Contains("rotated dimensions must be even, got 3"));
}

TEST_CASE("a scaling that makes the context longer says how long") {
  CHECK(config_of("llama_rope_yarn", "bos_token_id", 0).context == 256);
  CHECK(config_of("llama_rope_yarn", "max_position_embeddings", 64).context == 256);
  CHECK(config_of("llama_rope_dynamic", "bos_token_id", 0).context == 256);
  CHECK(config_of("llama_rope_linear", "bos_token_id", 0).context == 256);
}

TEST_CASE("rope scaling of a GGUF file that cannot be is refused, by key") {
  auto file = tiny_gguf();
  CHECK(gguf_complaint(file).empty());
  SECTION("an unknown kind") {
    CHECK_THAT(gguf_complaint(file.str("llama.rope.scaling.type", "spiral")),
      Contains("'llama.rope.scaling.type' must be none, linear or yarn") && Contains("got 'spiral'"));
  }
  SECTION("yarn without the original context") {
    file.str("llama.rope.scaling.type", "yarn").f32("llama.rope.scaling.factor", 4);
    CHECK_THAT(gguf_complaint(file), Contains("'llama.rope.scaling.original_context_length' must be between 2"));
  }
  SECTION("a factor of 0") {
    CHECK_THAT(gguf_complaint(file.f32("llama.rope.scaling.factor", 0)), Contains("must be a positive number"));
  }
  SECTION("frequencies for another head size, and some of 0") {
    CHECK_THAT(gguf_complaint(tiny_gguf().tensor("rope_freqs.weight", {7})), Contains("must be [2] of F32, is [7]"));
    CHECK_THAT(gguf_complaint(file.tensor("rope_freqs.weight", {2})), Contains("must hold positive numbers only"));
  }
}
