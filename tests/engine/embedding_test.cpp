// Pooled hidden states and scores of given tokens, against what transformers gives.
#include "engine/files/json_file.hpp"
#include "tests/engine/support.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value_to.hpp>
#include <catch2/catch.hpp>

#include <cmath>
#include <numeric>

using namespace troupe::engine;
using namespace troupe::engine::testing;

namespace {

struct embedded {
  std::vector<token_id> tokens;
  std::vector<float> mean;
  std::vector<float> last;
  std::vector<float> logprobs;
};

std::map<std::string, embedded> read_embeddings(const std::string& model) {
  const auto file = read_json(goldens / "embeddings.json");
  const auto prompts = *file.object(model);
  std::map<std::string, embedded> all;
  for (const auto& name : prompts.names()) {
    const auto entry = *prompts.object(name);
    const auto numbers = [&](
                           const char* field) { return boost::json::value_to<std::vector<float>>(*entry.find(field)); };
    all[name] = {boost::json::value_to<std::vector<token_id>>(*entry.find("tokens")), numbers("mean"), numbers("last"),
      numbers("logprobs")};
  }
  return all;
}

std::unique_ptr<engine> load(const std::filesystem::path& model) {
  engine_options options;
  options.model = model;
  options.threads = 1;
  options.dtype = data_type::float32;
  options.kv_blocks = 128;
  options.max_sequences = 4;
  options.max_step_tokens = 256;
  return load_engine(options);
}

batch_row row_of(std::uint32_t slot, const std::vector<token_id>& tokens) {
  batch_row row;
  row.slot = slot;
  row.sample = false;
  row.tokens = tokens;
  row.blocks.resize((tokens.size() + 15) / 16);
  std::iota(row.blocks.begin(), row.blocks.end(), 64 * slot);
  return row;
}

/// Feeds a sequence in chunks, beside another one that draws where `company` says so.
std::vector<double> pool_in_chunks(
  engine& model, const std::vector<token_id>& tokens, pooling pool, std::size_t chunk, bool company = false) {
  std::vector<double> pooled;
  for (std::size_t at = 0; at < tokens.size(); at += chunk) {
    auto row = row_of(0, tokens);
    const auto end = std::min(at + chunk, tokens.size());
    row.tokens.assign(
      tokens.begin() + static_cast<std::ptrdiff_t>(at), tokens.begin() + static_cast<std::ptrdiff_t>(end));
    row.position = static_cast<std::uint32_t>(at);
    if (pool == pooling::mean || end == tokens.size())
      row.pool = pool;
    if (pool == pooling::mean)
      row.pooled = pooled;
    batch step;
    if (company) {
      step.rows.push_back(row_of(1, {5, 9, 77}));
      step.rows.back().sample = true;
    }
    step.rows.push_back(row);
    pooled = model.collect(model.submit(step)).rows.back().pooled;
  }
  return pooled;
}

double largest_deviation(const std::vector<double>& pooled, const std::vector<float>& expected) {
  REQUIRE(pooled.size() == expected.size());
  const auto length = std::sqrt(std::inner_product(pooled.begin(), pooled.end(), pooled.begin(), 0.0));
  double most = 0;
  for (std::size_t i = 0; i < pooled.size(); ++i)
    most = std::max(most, std::abs(pooled[i] / length - double{expected[i]}));
  return most;
}

} // namespace

TEST_CASE("pooled hidden states are transformers', whole, in chunks and in company") {
  const std::string name = GENERATE("tied", "untied", "grouped", "default");
  const auto model = load(name == "default" ? default_model : goldens / name);
  CHECK(model->info().hidden == read_embeddings(name).begin()->second.mean.size());
  for (const auto& [prompt, expected] : read_embeddings(name)) {
    INFO(name << ", " << prompt);
    const auto chunk = std::min<std::size_t>(expected.tokens.size(), 200);
    CHECK(largest_deviation(pool_in_chunks(*model, expected.tokens, pooling::mean, chunk), expected.mean) < 1e-4);
    CHECK(largest_deviation(pool_in_chunks(*model, expected.tokens, pooling::last, chunk), expected.last) < 1e-4);
    for (const auto pool : {pooling::mean, pooling::last})
      CHECK(largest_deviation(pool_in_chunks(*model, expected.tokens, pool, 7, true),
              pool == pooling::mean ? expected.mean : expected.last) < 1e-4);
  }
}

TEST_CASE("a mean is the same, bit for bit, however its prompt was cut") {
  const auto model = load(default_model);
  const auto tokens = read_embeddings("default").at("unicode").tokens;
  const auto whole = pool_in_chunks(*model, tokens, pooling::mean, tokens.size());
  CHECK(pool_in_chunks(*model, tokens, pooling::mean, 7) == whole);
  CHECK(pool_in_chunks(*model, tokens, pooling::mean, 64, true) == whole);
}

TEST_CASE("tokens behind a part of a chunk are scored as transformers does") {
  const std::string name = GENERATE("tied", "untied", "grouped", "default");
  const auto model = load(name == "default" ? default_model : goldens / name);
  for (const auto& [prompt, expected] : read_embeddings(name)) {
    INFO(name << ", " << prompt);
    auto row = row_of(0, expected.tokens);
    row.tokens.resize(std::min<std::size_t>(row.tokens.size(), 8));
    const auto first = row.tokens.size() - expected.logprobs.size();
    row.scored.assign(row.tokens.begin() + static_cast<std::ptrdiff_t>(first), row.tokens.end());
    row.scored_from = static_cast<std::uint32_t>(first - 1);
    row.sampling.top_logprobs = 1;
    const auto output = model->collect(model->submit({{row}})).rows[0];
    CHECK_FALSE(output.token);
    REQUIRE(output.scores.size() == expected.logprobs.size());
    for (std::size_t i = 0; i < output.scores.size(); ++i) {
      CHECK(output.scores[i].logprob == Approx(expected.logprobs[i]).margin(1e-3));
      CHECK(output.scores[i].top_logprobs.at(0) >= output.scores[i].logprob);
    }
  }
}
