#include "tests/support/fake_engine.hpp"

#include <bit>
#include <cmath>
#include <set>
#include <stdexcept>

namespace troupe::test {

using engine::batch;
using engine::batch_row;
using engine::token_id;

namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw std::invalid_argument("fake_engine: " + why);
}

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  hash ^= value + 0x9E3779B97F4A7C15 + (hash << 6) + (hash >> 2);
  hash *= 0xBF58476D1CE4E5B9;
  return hash ^ (hash >> 29);
}

/// One of the allowed tokens, named by the one that was drawn.
token_id allowed_draw(engine::token_filter& filter, token_id drawn) {
  std::vector<token_id> tokens;
  const auto mask = filter.allowed();
  for (std::size_t i = 0; i < mask.size() * 32; ++i)
    if ((mask[i / 32] >> (i % 32) & 1U) != 0)
      tokens.push_back(static_cast<token_id>(i));
  if (tokens.empty())
    refuse("a filter that allows nothing");
  return tokens[static_cast<std::size_t>(drawn) % tokens.size()];
}

} // namespace

fake_engine::fake_engine(fake_engine_options options, std::shared_ptr<fake_engine_log> log)
    : options_{std::move(options)},
      log_{std::move(log)},
      kv_(options_.kv_blocks, std::vector<token_id>(options_.block_size, -1)),
      last_(options_.max_sequences, -1) {
  info_.architecture = "fake";
  info_.dtype = "float32";
  info_.device = "cpu";
  info_.vocabulary = options_.vocabulary;
  info_.layers = 1;
  info_.hidden = fake_state({0}).size();
  info_.context = options_.context;
  info_.block_size = options_.block_size;
  info_.kv_blocks = options_.kv_blocks;
  info_.max_sequences = options_.max_sequences;
  info_.max_step_tokens = options_.max_step_tokens;
  info_.weight_bytes = 1;
  info_.kv_bytes = options_.kv_blocks * options_.block_size * sizeof(token_id);
  info_.digest = "00000000000000000000000000000000";
  for (const auto& digest : options_.adapters)
    info_.adapters.push_back({"adapter", digest});
  if (log_) {
    ++log_->alive;
    ++log_->made;
  }
}

fake_engine::~fake_engine() {
  if (log_)
    --log_->alive;
}

void fake_engine::check_row(const batch_row& row) const {
  if (row.slot >= options_.max_sequences)
    refuse("slot " + std::to_string(row.slot) + " of " + std::to_string(options_.max_sequences));
  if (row.new_tokens() == 0)
    refuse("a row without new tokens");
  if (row.from_last_sample && !row.tokens.empty())
    refuse("a row with tokens by value and from the last sample");
  if (row.adapter > options_.adapters.size())
    refuse("adapter " + std::to_string(row.adapter) + " of " + std::to_string(options_.adapters.size()));
  const auto end = row.position + row.new_tokens();
  if (end > options_.context)
    refuse("position " + std::to_string(end) + " over the context of " + std::to_string(options_.context));
  if (row.blocks.size() * options_.block_size < end)
    refuse("a block table of " + std::to_string(row.blocks.size()) + " blocks for " + std::to_string(end) + " tokens");
  for (const auto block : row.blocks)
    if (block >= options_.kv_blocks)
      refuse("block " + std::to_string(block) + " of " + std::to_string(options_.kv_blocks));
}

void fake_engine::check(const batch& step) const {
  if (open_ != 0)
    refuse("a step is in flight already");
  if (step.rows.empty() || step.rows.size() > options_.max_sequences)
    refuse(std::to_string(step.rows.size()) + " rows");
  std::size_t tokens = 0;
  std::set<std::uint32_t> slots;
  for (const auto& row : step.rows) {
    check_row(row);
    tokens += row.new_tokens();
    if (!slots.insert(row.slot).second)
      refuse("slot " + std::to_string(row.slot) + " twice");
  }
  if (tokens > options_.max_step_tokens)
    refuse(std::to_string(tokens) + " tokens in a step of at most " + std::to_string(options_.max_step_tokens));
}

void fake_engine::write(const batch_row& row) {
  for (std::size_t i = 0; i < row.new_tokens(); ++i) {
    const auto at = row.position + i;
    kv_[row.blocks[at / options_.block_size]][at % options_.block_size] =
      fake_key(options_, row.from_last_sample ? last_[row.slot] : row.tokens[i], row.adapter);
  }
}

std::vector<token_id> fake_engine::read(const batch_row& row, std::size_t count) const {
  std::vector<token_id> tokens;
  for (std::size_t at = 0; at < count; ++at) {
    tokens.push_back(kv_[row.blocks[at / options_.block_size]][at % options_.block_size]);
    if (tokens.back() < 0)
      throw std::logic_error("fake_engine: position " + std::to_string(at) + " is read but was never written");
  }
  return tokens;
}

void fake_engine::score(const batch_row& row, troupe::engine::row_output& out) const {
  if (row.scored_from + row.scored.size() > row.tokens.size())
    refuse("more tokens to score than new ones that predict them");
  for (std::size_t i = 0; i < row.scored.size(); ++i) {
    const auto before = read(row, row.position + row.scored_from + i + 1);
    troupe::engine::token_score one{fake_score(before, row.scored[i]), {}, {}};
    if (row.sampling.top_logprobs > 0) {
      one.top.push_back(fake_draw(options_, before, {}, 0, 0));
      one.top_logprobs.push_back(-0.0625F);
    }
    out.scores.push_back(std::move(one));
  }
}

void fake_engine::pool(const batch_row& row, troupe::engine::row_output& out) const {
  if (row.pool == troupe::engine::pooling::none)
    return;
  if (!row.pooled.empty() && row.pooled.size() != info_.hidden)
    refuse("a sum of another length");
  out.pooled.assign(row.pooled.begin(), row.pooled.end());
  out.pooled.resize(info_.hidden);
  const auto end = row.position + row.new_tokens();
  for (auto at = row.pool == troupe::engine::pooling::mean ? row.position : end - 1; at < end; ++at) {
    const auto state = fake_state(read(row, at + 1));
    for (std::size_t i = 0; i < state.size(); ++i)
      out.pooled[i] += state[i];
  }
}

engine::row_output fake_engine::draw(const batch_row& row) {
  troupe::engine::row_output out;
  score(row, out);
  pool(row, out);
  if (!row.sample)
    return out;
  const auto tokens = read(row, row.position + row.new_tokens());
  auto token = fake_draw(options_, tokens, row.sampling, row.choice, row.sample_index);
  if (options_.distort)
    token = options_.distort(token);
  if (row.filter != nullptr)
    token = allowed_draw(*row.filter, token);
  last_[row.slot] = token;
  out.token = token;
  if (row.sampling.logprobs)
    out.score = troupe::engine::token_score{fake_logprob(token), {}, {}};
  return out;
}

engine::ticket fake_engine::submit(const batch& step) {
  check(step);
  if (log_ && log_->keeps_steps)
    log_->steps.push_back(step);
  ++steps_;
  if (options_.before_step)
    options_.before_step(steps_, step);
  for (const auto& row : step.rows)
    write(row);
  for (const auto& row : step.rows)
    for (const auto token : row.tokens)
      if (options_.poison == token)
        throw std::runtime_error("fake_engine: token " + std::to_string(token) + " is poison");
  output_ = {};
  for (const auto& row : step.rows)
    output_.rows.push_back(draw(row));
  output_.expert_tokens.resize(options_.experts);
  if (options_.experts > 0)
    for (const auto& row : step.rows)
      for (const auto token : row.tokens)
        ++output_.expert_tokens[static_cast<std::size_t>(token) % options_.experts];
  open_ = next_++;
  return open_;
}

engine::step_output fake_engine::collect(troupe::engine::ticket t) {
  if (t == 0 || t != open_)
    refuse("ticket " + std::to_string(t) + " is not open");
  open_ = 0;
  return std::move(output_);
}

token_id fake_key(const fake_engine_options& options, token_id token, std::uint32_t adapter) {
  return token + static_cast<token_id>(options.vocabulary * adapter);
}

token_id fake_draw(const fake_engine_options& options, const std::vector<token_id>& tokens,
  const engine::sampling_params& sampling, std::uint32_t choice, std::uint64_t sample_index) {
  if (options.eos_after == sample_index + 1)
    return options.eos;
  std::uint64_t hash = mix(mix(mix(1 + options.salt, sampling.seed), choice), sample_index);
  for (const auto token : tokens)
    hash = mix(hash, static_cast<std::uint64_t>(token));
  auto token = static_cast<token_id>(hash % options.vocabulary);
  while (token == options.eos || token == options.poison)
    token = static_cast<token_id>((static_cast<std::size_t>(token) + 1) % options.vocabulary);
  return token;
}

float fake_logprob(token_id token) {
  return -0.5F - static_cast<float>(token % 8);
}

float fake_score(const std::vector<token_id>& tokens, token_id token) {
  std::uint64_t hash = mix(3, static_cast<std::uint64_t>(token));
  for (const auto one : tokens)
    hash = mix(hash, static_cast<std::uint64_t>(one));
  return -0.125F - static_cast<float>(hash % 64) / 8;
}

std::vector<double> fake_state(const std::vector<token_id>& tokens) {
  std::uint64_t hash = 5;
  for (const auto one : tokens)
    hash = mix(hash, static_cast<std::uint64_t>(one));
  std::vector<double> out;
  for (std::uint64_t place = 0; place < 4; ++place)
    out.push_back(1.0 + static_cast<double>(mix(hash, place) % 16));
  return out;
}

std::vector<std::uint32_t> expected_embedding(const std::vector<token_id>& tokens, engine::pooling pool) {
  auto sum = fake_state(tokens);
  if (pool == engine::pooling::mean)
    for (std::size_t count = 1; count < tokens.size(); ++count) {
      const auto state = fake_state({tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(count)});
      for (std::size_t i = 0; i < sum.size(); ++i)
        sum[i] += state[i];
    }
  double squares = 0;
  for (const auto x : sum)
    squares += x * x;
  std::vector<std::uint32_t> out;
  for (const auto x : sum)
    out.push_back(std::bit_cast<std::uint32_t>(static_cast<float>(x / std::sqrt(squares))));
  return out;
}

std::vector<token_id> expected_answer(const fake_engine_options& options, std::vector<token_id> prompt,
  std::size_t count, const engine::sampling_params& sampling, std::uint32_t choice, bool ignore_eos) {
  std::vector<token_id> answer;
  while (answer.size() < count && prompt.size() < options.context) {
    const auto token = fake_draw(options, prompt, sampling, choice, answer.size());
    answer.push_back(token);
    prompt.push_back(token);
    if (token == options.eos && !ignore_eos)
      break;
  }
  return answer;
}

std::function<std::unique_ptr<engine::engine>(const engine::engine_options&)> fake_loader(
  fake_engine_options options, std::shared_ptr<fake_engine_log> log) {
  return [options = std::move(options), log = std::move(log)](
           const engine::engine_options&) { return std::make_unique<fake_engine>(options, log); };
}

} // namespace troupe::test
