#include "tests/engine/support.hpp"

#include "engine/files/json_file.hpp"
#include "engine/weights.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <boost/json/array.hpp>
#include <boost/json/value_to.hpp>
#include <c10/core/InferenceMode.h>

#include <cmath>

namespace troupe::engine::testing {

std::map<std::string, golden> read_goldens(const std::string& model) {
  return read_goldens(read_json(goldens / (model + ".json")));
}

std::map<std::string, golden> read_goldens(const json_fields& file) {
  std::map<std::string, golden> all;
  for (const auto& name : file.names()) {
    const auto entry = *file.object(name);
    all[name] = {boost::json::value_to<std::vector<token_id>>(*entry.find("tokens")),
      boost::json::value_to<std::vector<std::int64_t>>(*entry.find("indexes")),
      boost::json::value_to<std::vector<float>>(*entry.find("logits")),
      boost::json::value_to<std::vector<token_id>>(*entry.find("greedy")),
      static_cast<float>(entry.number("bfloat16_off").value_or(0))};
  }
  return all;
}

float deviation(const at::Tensor& logits, const golden& expected) {
  const auto* values = logits.const_data_ptr<float>();
  float most = 0;
  for (std::size_t i = 0; i < expected.indexes.size(); ++i) {
    const auto difference = std::abs(values[expected.indexes[i]] - expected.logits[i]);
    if (!(difference <= most))
      most = difference;
  }
  return most;
}

bench::bench(const std::filesystem::path& model, at::ScalarType dtype, std::size_t blocks, std::size_t block_size,
  std::size_t context, const std::vector<std::filesystem::path>& adapters)
    : block_size_(block_size),
      free_(blocks) {
  at::set_num_threads(1);
  const c10::InferenceMode guard;
  auto loaded = load_weights(open_checkpoint(model), dtype, at::kCPU);
  cache_ = std::make_unique<kv_cache>(loaded->config, blocks, block_size, dtype, at::kCPU);
  std::vector<adapter_weights> adapted;
  for (const auto& adapter : adapters)
    adapted.push_back(load_adapter(open_adapter(adapter, loaded->config), loaded->config, at::kCPU));
  decoder_ = std::make_unique<decoder>(loaded, context > 0 ? context : loaded->config.context, std::move(adapted));
}

fed_sequence bench::start(std::vector<token_id> tokens, std::size_t room) {
  fed_sequence sequence{std::move(tokens), {}, 0, 0};
  for (std::size_t i = 0; i < (room + block_size_ - 1) / block_size_; ++i)
    sequence.blocks.push_back(static_cast<block_id>(--free_));
  return sequence;
}

void bench::forget_blocks() {
  free_ = cache_->blocks();
}

at::Tensor bench::feed(const std::vector<fed_sequence*>& sequences, const std::vector<std::size_t>& counts) {
  batch step;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    if (counts[i] == 0)
      continue;
    auto& sequence = *sequences[i];
    auto& row = step.rows.emplace_back();
    row.slot = static_cast<std::uint32_t>(i);
    row.position = static_cast<std::uint32_t>(sequence.done);
    row.blocks = sequence.blocks;
    row.adapter = sequence.adapter;
    const auto first = sequence.tokens.begin() + static_cast<std::ptrdiff_t>(sequence.done);
    row.tokens.assign(first, first + static_cast<std::ptrdiff_t>(counts[i]));
    sequence.done += counts[i];
  }
  const c10::InferenceMode guard;
  return decoder_->forward(lay_out(step, block_size_, {}, at::kCPU), *cache_);
}

at::Tensor bench::feed_all(fed_sequence& sequence, std::size_t chunk) {
  at::Tensor logits;
  while (sequence.done < sequence.tokens.size()) {
    const auto left = sequence.tokens.size() - sequence.done;
    logits = feed({&sequence}, {chunk == 0 ? left : std::min(chunk, left)});
  }
  return logits[0];
}

std::vector<token_id> bench::greedy(fed_sequence& sequence, at::Tensor logits, std::size_t count) {
  std::vector<token_id> tokens;
  for (std::size_t i = 0; i < count; ++i) {
    tokens.push_back(static_cast<token_id>(logits.argmax().item<std::int64_t>()));
    sequence.tokens.push_back(tokens.back());
    if (i + 1 < count)
      logits = feed_all(sequence, 0);
  }
  return tokens;
}

} // namespace troupe::engine::testing
