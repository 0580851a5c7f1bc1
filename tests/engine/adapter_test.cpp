// Adapters against the models that they come to when they are merged.
#include "engine/device.hpp"
#include "tests/engine/adapters.hpp"
#include "tests/engine/golden_checks.hpp"
#include "tests/engine/recipes.hpp"

#include <ATen/ATen.h>
#include <catch2/catch.hpp>

#include <cmath>

using namespace troupe::engine;
using namespace troupe::engine::testing;

namespace {

/// An adapter of all of a model's matrices, and the model merged with it.
struct made_adapter {
  made_adapter(const std::filesystem::path& model, std::size_t rank, std::uint64_t seed) {
    const auto tensors = adapter_tensors(model, adaptable_modules(model), rank, seed);
    auto config = plain_adapter_config();
    config["r"] = rank;
    write_adapter(folder, config, tensors);
    write_merged(merged, model, tensors, 6.0 / static_cast<double>(rank));
  }

  scratch_folder folder;
  scratch_folder merged;
};

/// A prompt's logits and the greedy tokens behind it.
struct answer {
  at::Tensor logits;
  std::vector<token_id> greedy;
};

answer ask(bench& model, const golden& prompt, std::size_t chunk, std::uint32_t adapter = 0) {
  constexpr std::size_t length = 12;
  model.forget_blocks();
  auto sequence = model.start(prompt.tokens, prompt.tokens.size() + length);
  sequence.adapter = adapter;
  auto logits = model.feed_all(sequence, chunk);
  auto greedy = model.greedy(sequence, logits, length);
  return {logits.clone(), std::move(greedy)};
}

float apart(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<float>();
}

/// As golden_checks has it: tiny matrices repeat bit for bit with AVX-512 only.
bool same(const at::Tensor& a, const at::Tensor& b) {
  return processor().avx512 ? a.equal(b) : a.allclose(b, 1e-4, 1e-4);
}

/// Families that differ in what can be adapted: plain, fused, biased, normalized heads, more norms, experts.
std::string family_name() {
  return GENERATE(as<std::string>{}, "llama", "phi3", "qwen2", "qwen3", "gemma3", "mixtral", "qwen3_moe_plain_layers");
}

} // namespace

TEST_CASE("an adapter's answers are the merged model's, whole and in chunks") {
  const auto name = family_name();
  INFO(name);
  const tiny_model tiny(name);
  const made_adapter made(tiny.folder.path(), 3, 1);
  bench base(tiny.folder.path(), at::kFloat, 64, 16, tiny.positions, {made.folder.path()});
  bench merged(made.merged.path(), at::kFloat, 64, 16, tiny.positions);
  for (const auto& [prompt, expected] : tiny.prompts) {
    INFO(prompt);
    const auto wanted = ask(merged, expected, 0);
    const auto whole = ask(base, expected, 0, 1);
    const auto chunked = ask(base, expected, 5, 1);
    CHECK(apart(whole.logits, wanted.logits) <= 1e-4);
    CHECK(whole.greedy == wanted.greedy);
    CHECK(same(whole.logits, chunked.logits));
    CHECK(chunked.greedy == wanted.greedy);
    // Or it would be the base model's answer.
    CHECK(apart(ask(base, expected, 0).logits, wanted.logits) > 0.1);
  }
}

TEST_CASE("rows of two adapters and of none in one step give what each gives alone") {
  const auto name = family_name();
  INFO(name);
  const tiny_model tiny(name);
  const made_adapter first(tiny.folder.path(), 3, 1);
  const made_adapter second(tiny.folder.path(), 8, 2);
  bench model(tiny.folder.path(), at::kFloat, 128, 16, tiny.positions, {first.folder.path(), second.folder.path()});
  const auto& tokens = tiny.prompts.at("short").tokens;
  std::vector<at::Tensor> alone;
  for (std::uint32_t adapter = 0; adapter < 3; ++adapter)
    alone.push_back(ask(model, tiny.prompts.at("short"), 0, adapter).logits);
  model.forget_blocks();
  std::vector<fed_sequence> sequences;
  for (const std::uint32_t adapter : {1U, 0U, 2U, 1U}) {
    sequences.push_back(model.start(tokens, tokens.size()));
    sequences.back().adapter = adapter;
  }
  // Each at its own pace, so that chunks of one stand beside decodes of another.
  std::vector<fed_sequence*> all;
  for (auto& sequence : sequences)
    all.push_back(&sequence);
  const auto short_of_one = tokens.size() - 1;
  model.feed(all, {short_of_one, 2, short_of_one, 1});
  const auto logits = model.feed(all, {1, tokens.size() - 2, 1, tokens.size() - 1});
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    INFO("row " << i);
    CHECK(same(logits[static_cast<std::int64_t>(i)], alone[sequences[i].adapter]));
  }
  CHECK(apart(alone[1], alone[2]) > 0.1);
}

TEST_CASE("an adapter that PEFT has written gives PEFT's logits and greedy tokens") {
  const std::string name = GENERATE("adapter_all", "adapter_rslora");
  bench model(goldens / "tied", at::kFloat, 64, 16, 0, {goldens / name});
  for (const auto& [prompt, expected] : read_goldens(name)) {
    INFO(name << ", " << prompt);
    model.forget_blocks();
    auto sequence = model.start(expected.tokens, expected.tokens.size() + expected.greedy.size());
    sequence.adapter = 1;
    const auto logits = model.feed_all(sequence, 7);
    CHECK(deviation(logits, expected) <= allowed);
    CHECK(model.greedy(sequence, logits, expected.greedy.size()) == expected.greedy);
  }
}

TEST_CASE("an adapter changes a GGUF file's answers as it changes those of the folder of the same weights") {
  const tiny_model tiny("llama");
  const made_adapter made(tiny.folder.path(), 3, 1);
  bench folder(tiny.folder.path(), at::kFloat, 64, 16, tiny.positions, {made.folder.path()});
  bench gguf(tiny.gguf, at::kFloat, 64, 16, tiny.positions, {made.folder.path()});
  for (const auto& [prompt, expected] : tiny.prompts) {
    INFO(prompt);
    const auto wanted = ask(folder, expected, 0, 1);
    const auto given = ask(gguf, expected, 0, 1);
    CHECK(apart(given.logits, wanted.logits) <= 1e-3);
    CHECK(given.greedy == wanted.greedy);
  }
}

TEST_CASE("ranks and alphas of a pattern, and rank-stabilized scaling, count for the modules that they name") {
  const tiny_model tiny("llama");
  const auto& model = tiny.folder.path();
  std::vector<std::string> queries, downs;
  for (const auto& module : adaptable_modules(model)) {
    if (module.ends_with("q_proj"))
      queries.push_back(module);
    if (module.ends_with("down_proj"))
      downs.push_back(module);
  }
  auto config = plain_adapter_config();
  config["use_rslora"] = true;
  config["rank_pattern"] = {{"down_proj", 4}};
  config["alpha_pattern"] = {{"mlp.down_proj", 2}};
  auto tensors = adapter_tensors(model, queries, 3, 1);
  const scratch_folder half, merged, folder;
  write_merged(half, model, tensors, 6 / std::sqrt(3.0));
  const auto more = adapter_tensors(model, downs, 4, 1);
  write_merged(merged, half.path(), more, 2 / std::sqrt(4.0));
  tensors.insert(tensors.end(), more.begin(), more.end());
  write_adapter(folder, config, tensors);
  bench adapted(model, at::kFloat, 64, 16, tiny.positions, {folder.path()});
  bench whole(merged.path(), at::kFloat, 64, 16, tiny.positions);
  const auto& prompt = tiny.prompts.at("short");
  CHECK(apart(ask(adapted, prompt, 0, 1).logits, ask(whole, prompt, 0).logits) <= 1e-4);
}

TEST_CASE("an engine serves adapters by their place in the options, and knows each by its content") {
  const tiny_model tiny("llama");
  const made_adapter first(tiny.folder.path(), 3, 1);
  const made_adapter second(tiny.folder.path(), 3, 2);
  engine_options options;
  options.model = tiny.folder.path();
  options.kv_blocks = 16;
  options.threads = 1;
  options.dtype = data_type::float32;
  options.adapters = {{"first", first.folder.path()}, {"second", second.folder.path()}, {"again", first.folder.path()}};
  const auto planned = inspect_model(options);
  const auto loaded = load_engine(options);
  const auto& adapters = loaded->info().adapters;
  REQUIRE(adapters.size() == 3);
  CHECK(adapters[0].name == "first");
  CHECK(adapters[0].digest.size() == 32);
  CHECK(adapters[0].digest != adapters[1].digest);
  CHECK(adapters[0].digest == adapters[2].digest);
  CHECK(planned.adapters[1].digest == adapters[1].digest);
  options.adapters.clear();
  CHECK(loaded->info().digest == inspect_model(options).digest);
  CHECK(planned.weight_bytes > inspect_model(options).weight_bytes);

  batch step;
  auto& row = step.rows.emplace_back();
  row.tokens = tiny.prompts.at("short").tokens;
  row.blocks = {0, 1, 2, 3};
  row.adapter = 4;
  CHECK_THROWS_WITH(loaded->submit(step), "row 0: adapter must be at most 3, as many as are loaded, got 4");
  row.adapter = 2;
  bench merged(second.merged.path(), at::kFloat, 64, 16, tiny.positions);
  const auto output = loaded->collect(loaded->submit(step));
  CHECK(output.rows[0].token == ask(merged, tiny.prompts.at("short"), 0).greedy.front());
}
