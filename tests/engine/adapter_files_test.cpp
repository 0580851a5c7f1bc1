// Adapters that are refused: what is not served, and what does not fit.
#include "engine/adapter_files.hpp"
#include "engine/engine.hpp"
#include "tests/engine/adapters.hpp"
#include "tests/engine/recipes.hpp"

#include "engine/checkpoint.hpp"

#include <boost/json/array.hpp>
#include <catch2/catch.hpp>

#include <functional>

using namespace troupe::engine;
using namespace troupe::engine::testing;
using Catch::Matchers::Contains;

namespace json = boost::json;

namespace {

std::string complaint(const std::filesystem::path& folder, const model_config& config) {
  try {
    open_adapter(folder, config);
  } catch (const load_error& error) {
    return error.what();
  }
  return "";
}

/// What is said of an adapter for llama that a test has changed.
std::string complaint_about(const std::function<void(json::object& config, std::vector<made_tensor>& tensors)>& change,
  const std::string& model = "llama") {
  const tiny_model tiny(model);
  const auto modules = adaptable_modules(tiny.folder.path());
  auto tensors = adapter_tensors(tiny.folder.path(), {modules.front()}, 3, 1);
  auto config = plain_adapter_config();
  change(config, tensors);
  const scratch_folder folder;
  write_adapter(folder, config, tensors);
  return complaint(folder.path(), open_checkpoint(tiny.folder.path()).config);
}

/// What is said of an adapter whose configuration has another value in one field.
std::string complaint_about_field(const std::string& field, const json::value& value) {
  return complaint_about([&](json::object& config, auto&) { config[field] = value; });
}

} // namespace

TEST_CASE("an adapter that nobody has changed is taken") {
  CHECK(complaint_about([](auto&, auto&) {}).empty());
  CHECK(complaint_about_field("modules_to_save", json::array{}).empty());
  CHECK(complaint_about_field("init_lora_weights", "gaussian").empty());
}

TEST_CASE("what an adapter asks for and is not served is refused by the name of its field") {
  CHECK_THAT(complaint_about_field("peft_type", "IA3"),
    Contains("adapter_config.json: peft_type must be \"LORA\", got \"IA3\""));
  CHECK_THAT(complaint_about_field("use_dora", true),
    Contains("adapter_config.json: use_dora is not served: it must be absent, null, false or empty, got true"));
  CHECK_THAT(complaint_about_field("fan_in_fan_out", true), Contains("fan_in_fan_out is not served"));
  CHECK_THAT(complaint_about_field("modules_to_save", {"lm_head"}), Contains("modules_to_save is not served"));
  CHECK_THAT(
    complaint_about_field("trainable_token_indices", {1, 2}), Contains("trainable_token_indices is not served"));
  CHECK_THAT(complaint_about_field("bias", "all"), Contains("bias must be \"none\", got \"all\""));
  CHECK_THAT(complaint_about_field("init_lora_weights", "pissa_niter_4"),
    Contains("init_lora_weights must leave the base model as it is"));
}

TEST_CASE("an adapter's numbers are held to their bounds") {
  CHECK_THAT(complaint_about_field("r", nullptr), Contains("adapter_config.json: r is missing"));
  CHECK_THAT(complaint_about_field("r", 0), Contains("r must be a whole number between 1 and 4096, got 0"));
  CHECK_THAT(complaint_about_field("r", 100000), Contains("between 1 and 4096, got 100000"));
  CHECK_THAT(complaint_about_field("r", 1.5), Contains("r must be a whole number"));
  CHECK_THAT(complaint_about_field("lora_alpha", nullptr), Contains("lora_alpha is missing"));
  CHECK_THAT(complaint_about_field("lora_alpha", "6"), Contains("lora_alpha must be a finite number"));
  CHECK_THAT(complaint_about_field("rank_pattern", {{"q_proj", 0}}),
    Contains("rank_pattern: q_proj must be a whole number between 1 and 4096, got 0"));
  CHECK_THAT(complaint_about_field("rank_pattern", {{".*_proj", 4}}), Contains("not a regular expression"));
  CHECK_THAT(complaint_about_field("alpha_pattern", {{"q_proj", nullptr}}), Contains("q_proj must be a number"));
}

TEST_CASE("a tensor that does not fit the model is refused by its name") {
  CHECK_THAT(complaint_about([](auto& config, auto&) { config["r"] = 4; }),
    Contains("adapter_model.safetensors: tensor 'base_model.model.model.layers.0.") && Contains("must be [4, ") &&
      Contains("got [3, "));
  CHECK_THAT(complaint_about([](auto&, auto& tensors) { tensors.pop_back(); }),
    Contains("lora_A.weight': the lora_B that belongs to it is missing"));
  CHECK_THAT(complaint_about([](auto&, auto& tensors) { tensors.erase(tensors.begin()); }),
    Contains("lora_B.weight': the lora_A that belongs to it is missing"));
  CHECK_THAT(complaint_about([](auto&, auto& tensors) { tensors.clear(); }), Contains("there is no tensor"));
  CHECK_THAT(complaint_about([](auto&, auto& tensors) {
    tensors[0].name = "base_model.model.model.layers.99.self_attn.q_proj.lora_A.weight";
  }),
    Contains("the model has no matrix 'model.layers.99.self_attn.q_proj'"));
  CHECK_THAT(complaint_about([](auto&, auto& tensors) { tensors[0].name = "model.layers.0.weight"; }),
    Contains("tensor 'model.layers.0.weight': is not served"));
  CHECK_THAT(complaint_about(
               [](auto&, auto& tensors) { tensors[0].name = "base_model.model.model.embed_tokens.lora_A.weight"; }),
    Contains("'model.embed_tokens' cannot be adapted"));
}

TEST_CASE("an adapter of experts is refused") {
  const auto name = "base_model.model.model.layers.0.block_sparse_moe.experts.1.w1.lora_A.weight";
  CHECK_THAT(complaint_about([&](auto&, auto& tensors) { tensors[0].name = name; }, "mixtral"),
    Contains("'model.layers.0.block_sparse_moe.experts.1.w1' cannot be adapted"));
}

TEST_CASE("an adapter folder that is not there or not whole is refused by its path") {
  const tiny_model tiny("llama");
  const auto config = open_checkpoint(tiny.folder.path()).config;
  const scratch_folder folder;
  CHECK_THAT(complaint(folder.path() / "none", config), Contains("none: there is no such adapter folder"));
  CHECK_THAT(complaint(folder.path(), config), Contains("adapter_config.json"));
  folder.write("adapter_config.json", "{\"peft_type\": \"LORA\", \"r\": 1, \"lora_alpha\": 1}");
  CHECK_THAT(complaint(folder.path(), config), Contains("adapter_model.safetensors"));
  folder.write("adapter_model.safetensors", "short");
  CHECK_THAT(complaint(folder.path(), config), Contains("adapter_model.safetensors: header: the file ends early"));
}
