#include "engine/engine.hpp"

#include "tests/engine/support.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <numeric>
#include <thread>

using namespace troupe::engine;
using namespace troupe::engine::testing;
using Catch::Matchers::Contains;

namespace {

engine_options tiny_options() {
  engine_options options;
  options.model = goldens / "grouped";
  options.threads = 1;
  options.kv_blocks = 256;
  options.max_sequences = 8;
  options.max_step_tokens = 128;
  return options;
}

batch_row row_of(std::uint32_t slot, std::vector<token_id> tokens, std::vector<block_id> blocks) {
  batch_row row;
  row.slot = slot;
  row.tokens = std::move(tokens);
  row.blocks = std::move(blocks);
  return row;
}

step_output run(engine& model, batch_row row) {
  return model.collect(model.submit({{std::move(row)}}));
}

/// A whole answer of one sequence; decodes name the last sample or the token itself.
std::vector<token_id> answer(engine& model, batch_row row, std::size_t count, bool by_last_sample) {
  std::vector<token_id> tokens;
  while (tokens.size() < count) {
    const auto fed = row.new_tokens();
    const auto output = run(model, row);
    tokens.push_back(*output.rows[0].token);
    row.position += static_cast<std::uint32_t>(fed);
    row.from_last_sample = by_last_sample;
    row.tokens = by_last_sample ? std::vector<token_id>{} : std::vector<token_id>{tokens.back()};
    row.sample_index = tokens.size();
  }
  return tokens;
}

std::vector<block_id> blocks_from(block_id first, std::size_t count) {
  std::vector<block_id> blocks(count);
  std::iota(blocks.begin(), blocks.end(), first);
  return blocks;
}

/// Memory of this process that is in RAM.
std::int64_t resident_bytes() {
  std::ifstream status("/proc/self/statm");
  std::int64_t pages = 0;
  status >> pages >> pages;
  return pages * 4096;
}

} // namespace

TEST_CASE("an engine says what it has loaded") {
  const auto model = load_engine(tiny_options());
  const auto& info = model->info();
  CHECK(info.architecture == "mistral");
  CHECK(info.dtype == "float32");
  CHECK(info.device == "cpu");
  CHECK(info.vocabulary == 320);
  CHECK(info.layers == 3);
  CHECK(info.context == 1200);
  CHECK(info.kv_blocks == 256);
  CHECK(info.kv_bytes == 256 * 16 * 3 * 2 * 32 * sizeof(float));
  CHECK(info.weight_bytes > 300000);
  CHECK(info.digest.size() == 32);
  CHECK(model->max_in_flight() == 1);
}

TEST_CASE("an engine's answers are transformers', by value and by last sample, in blocks of any order") {
  const auto model = load_engine(tiny_options());
  const auto expected = read_goldens("grouped").at("unicode");
  const auto by_last_sample = GENERATE(false, true);
  auto blocks = blocks_from(100, 6);
  CHECK(answer(*model, row_of(3, expected.tokens, blocks), 64, by_last_sample) == expected.greedy);
  std::swap(blocks[0], blocks[4]);
  std::swap(blocks[1], blocks[2]);
  CHECK(answer(*model, row_of(0, expected.tokens, blocks), 64, by_last_sample) == expected.greedy);
}

TEST_CASE("the same seed gives the same tokens alone, in company and in another slot") {
  const auto model = load_engine(tiny_options());
  auto row = row_of(0, {5, 9, 77, 14}, blocks_from(0, 4));
  row.sampling.temperature = 1;
  row.sampling.seed = 1234;
  const auto alone = answer(*model, row, 20, true);
  row.sampling.seed = 1235;
  CHECK(answer(*model, row, 20, true) != alone);
  row.sampling.seed = 1234;
  row.slot = 5;
  row.blocks = blocks_from(50, 4);
  auto other = row_of(2, {8, 8, 8}, blocks_from(20, 4));
  other.sampling.temperature = 0.5F;
  std::vector<token_id> together;
  for (std::size_t i = 0; i < alone.size(); ++i) {
    const auto ticket = model->submit({{other, row}});
    const auto output = model->collect(ticket);
    together.push_back(*output.rows[1].token);
    for (auto* each : {&row, &other}) {
      each->position += static_cast<std::uint32_t>(each->new_tokens());
      each->from_last_sample = true;
      each->tokens.clear();
      each->sample_index = together.size();
    }
  }
  CHECK(together == alone);
}

TEST_CASE("a row that does not sample gives nothing") {
  const auto model = load_engine(tiny_options());
  auto first = row_of(0, {5, 9}, {1});
  first.sample = false;
  auto second = row_of(1, {7}, {2});
  second.sampling.logprobs = true;
  const auto output = model->collect(model->submit({{first, second}}));
  CHECK_FALSE(output.rows[0].token);
  CHECK(output.rows[1].token);
  CHECK(output.rows[1].score->logprob <= 0);
  CHECK_FALSE(run(*model, first).rows[0].token);
}

TEST_CASE("a prompt's tokens are scored alike however it is cut, and as draws of the same tokens are") {
  const auto model = load_engine(tiny_options());
  const std::vector<token_id> prompt{5, 9, 77, 14, 200, 3};
  auto whole = row_of(0, prompt, {1});
  whole.scored.assign(prompt.begin() + 1, prompt.end());
  whole.sampling.logprobs = true;
  whole.sampling.top_logprobs = 2;
  const auto at_once = run(*model, whole).rows[0];
  REQUIRE(at_once.scores.size() == prompt.size() - 1);
  REQUIRE(at_once.token);

  std::vector<token_score> in_parts;
  for (std::uint32_t i = 0; i < prompt.size(); ++i) {
    auto part = row_of(1, {prompt[i]}, {2});
    part.position = i;
    part.sample = i + 1 == prompt.size();
    part.sampling = whole.sampling;
    if (!part.sample)
      part.scored = {prompt[i + 1]};
    const auto output = run(*model, part).rows[0];
    in_parts.insert(in_parts.end(), output.scores.begin(), output.scores.end());
    // A draw that could only fall on the token that follows has its score.
    if (!part.sample) {
      part.sample = true;
      part.scored.clear();
      part.sampling.logit_bias = {{prompt[i + 1], 1000}};
      const auto drawn = run(*model, part).rows[0];
      CHECK(drawn.token == prompt[i + 1]);
      CHECK(drawn.score->logprob == output.scores[0].logprob);
    }
  }
  for (std::size_t i = 0; i < in_parts.size(); ++i) {
    CHECK(in_parts[i].logprob == Approx(at_once.scores[i].logprob).margin(1e-4));
    CHECK(in_parts[i].top == at_once.scores[i].top);
    CHECK(in_parts[i].top.size() == 2);
  }
}

TEST_CASE("another thread may take an engine over") {
  const auto model = load_engine(tiny_options());
  const auto expected = read_goldens("grouped").at("short");
  std::vector<token_id> tokens;
  std::thread([&] { tokens = answer(*model, row_of(0, expected.tokens, blocks_from(0, 6)), 64, true); }).join();
  CHECK(tokens == expected.greedy);
}

TEST_CASE("tickets are collected once, in order, one at a time") {
  const auto model = load_engine(tiny_options());
  const auto first = model->submit({{row_of(0, {5}, {1})}});
  CHECK_THROWS_AS(model->submit({{row_of(0, {5}, {1})}}), std::invalid_argument);
  CHECK_THROWS_AS(model->collect(first + 1), std::invalid_argument);
  CHECK(model->collect(first).rows.size() == 1);
  CHECK_THROWS_AS(model->collect(first), std::invalid_argument);
}

TEST_CASE("the default model answers in English through the public face") {
  engine_options options;
  options.model = default_model;
  options.kv_blocks = 64;
  options.max_step_tokens = 64;
  options.max_sequences = 4;
  const auto model = load_engine(options);
  const auto expected = read_goldens("default").at("short");
  const auto tokens = answer(*model, row_of(0, expected.tokens, blocks_from(0, 8)), 16, true);
  CHECK(tokens == std::vector<token_id>(expected.greedy.begin(), expected.greedy.begin() + 16));
}

TEST_CASE("engines of one model share its weights") {
  engine_options options;
  options.model = default_model;
  options.kv_blocks = 16;
  options.max_step_tokens = 16;
  options.max_sequences = 2;
  weight_store store;
  const auto first = load_engine(options, store);
  const auto before = resident_bytes();
  const auto second = load_engine(options, store);
  const auto grown = resident_bytes() - before;
  CHECK(grown < static_cast<std::int64_t>(second->info().weight_bytes / 4));
  const auto expected = read_goldens("default").at("short");
  const auto row = row_of(0, expected.tokens, blocks_from(0, 8));
  CHECK(answer(*first, row, 8, true) == answer(*second, row, 8, true));
}

TEST_CASE("options out of range are refused with field, limits and value") {
  auto options = tiny_options();
  SECTION("block_size") {
    options.block_size = 0;
    CHECK_THROWS_WITH(load_engine(options), Contains("block_size must be between 1 and 4096, got 0"));
  }
  SECTION("kv_bytes") {
    options.kv_blocks = 0;
    options.kv_bytes = 100;
    CHECK_THROWS_WITH(load_engine(options), Contains("kv_bytes must hold at least one block") && Contains("got 100"));
  }
  SECTION("threads") {
    options.threads = -1;
    CHECK_THROWS_WITH(load_engine(options), Contains("threads") && Contains("got -1"));
  }
  SECTION("max_sequences") {
    options.max_sequences = 0;
    CHECK_THROWS_WITH(inspect_model(options), Contains("max_sequences") && Contains("got 0"));
  }
}

TEST_CASE("a model is inspected without loading it") {
  engine_options options;
  options.model = default_model;
  options.max_context = 1000;
  const auto info = inspect_model(options);
  CHECK(info.architecture == "llama");
  CHECK(info.vocabulary == 49152);
  CHECK(info.context == 1000);
  CHECK(info.kv_blocks == (std::size_t{1} << 30U) / (2 * 30 * 192 * 16 * sizeof(float)));
  options.model = "no/such/file.gguf";
  CHECK_THROWS_WITH(inspect_model(options), Contains("no/such/file.gguf"));
}

TEST_CASE("what a model's weights will take is known before they are read") {
  for (const auto dtype : {data_type::float32, data_type::bfloat16}) {
    auto options = tiny_options();
    options.dtype = dtype;
    const auto foretold = inspect_model(options);
    const auto loaded = load_engine(options)->info();
    CHECK(static_cast<double>(foretold.weight_bytes) == Approx(static_cast<double>(loaded.weight_bytes)).epsilon(0.02));
    CHECK(foretold.kv_bytes == loaded.kv_bytes);
  }
}

TEST_CASE("a context is no longer than the cache") {
  auto options = tiny_options();
  options.kv_blocks = 10;
  CHECK(inspect_model(options).context == 160);
}

TEST_CASE("words for dtypes are parsed") {
  CHECK(parse_data_type("auto") == data_type::automatic);
  CHECK(parse_data_type("float32") == data_type::float32);
  CHECK(parse_data_type("bfloat16") == data_type::bfloat16);
  CHECK_FALSE(parse_data_type("int9"));
}
