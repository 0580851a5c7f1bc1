#include "engine/torch_engine.hpp"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <numeric>

namespace troupe::engine {

torch_engine::torch_engine(
  model_info info, std::shared_ptr<const weights> model, std::vector<adapter_weights> adapters, int threads)
    : info_(std::move(info)),
      decoder_(std::move(model), info_.context, std::move(adapters)),
      cache_(
        decoder_.model().config, info_.kv_blocks, info_.block_size, decoder_.model().dtype, decoder_.model().device),
      threads_(threads),
      caller_(std::this_thread::get_id()),
      last_samples_(info_.max_sequences) {
  info_.kv_bytes = cache_.bytes();
  info_.weight_bytes = decoder_.model().bytes;
  for (const auto& adapter : decoder_.adapters())
    info_.weight_bytes += adapter.bytes;
}

batch_limits torch_engine::limits() const {
  return {info_.vocabulary, info_.context, info_.block_size, info_.kv_blocks, info_.max_sequences,
    info_.max_step_tokens, info_.hidden, info_.adapters.size()};
}

step_output torch_engine::run(const batch& step) {
  // OpenMP counts threads per calling thread.
  if (std::this_thread::get_id() != caller_) {
    at::set_num_threads(threads_);
    caller_ = std::this_thread::get_id();
  }
  const c10::InferenceMode guard;
  const auto layout = lay_out(step, info_.block_size, last_samples_, decoder_.model().device);
  step_output output;
  at::Tensor hidden;
  const auto logits = decoder_.forward(layout, cache_, &output.expert_tokens, &hidden);
  output.rows.resize(step.rows.size());
  if (hidden.defined())
    pool_all(step, hidden, output);
  if (layout.samples == 0)
    return output;
  draw_all(step, logits, output);
  score_all(step, logits, output);
  return output;
}

void torch_engine::draw_all(const batch& step, const at::Tensor& logits, step_output& output) {
  std::vector<sample_request> requests;
  std::vector<std::int64_t> from;
  std::int64_t next = 0;
  for (const auto& row : step.rows) {
    next += static_cast<std::int64_t>(row.scored.size());
    if (!row.sample)
      continue;
    requests.push_back({row.sampling, row.choice, row.sample_index, row.prompt, row.drawn, row.filter});
    from.push_back(next++);
  }
  auto sampled = sample(rows_of(logits, from), requests);
  auto drawn = sampled.begin();
  for (std::size_t i = 0; i < step.rows.size(); ++i)
    if (step.rows[i].sample) {
      output.rows[i] = std::move(*drawn++);
      last_samples_[step.rows[i].slot] = output.rows[i].token;
    }
}

void torch_engine::score_all(const batch& step, const at::Tensor& logits, step_output& output) {
  std::int64_t next = 0;
  for (std::size_t i = 0; i < step.rows.size(); ++i) {
    const auto& row = step.rows[i];
    const auto count = static_cast<std::int64_t>(row.scored.size());
    if (count > 0)
      output.rows[i].scores = score(logits.narrow(0, next, count), row.scored, row.sampling.top_logprobs);
    next += count + (row.sample ? 1 : 0);
  }
}

void torch_engine::pool_all(const batch& step, const at::Tensor& hidden, step_output& output) {
  const auto states = hidden.to(at::kCPU, at::kDouble).contiguous();
  const auto width = static_cast<std::size_t>(states.size(1));
  const auto* next = states.const_data_ptr<double>();
  for (std::size_t i = 0; i < step.rows.size(); ++i) {
    const auto& row = step.rows[i];
    if (row.pool == pooling::none)
      continue;
    auto& sum = output.rows[i].pooled;
    sum.assign(row.pooled.begin(), row.pooled.end());
    sum.resize(width);
    for (auto tokens = row.pool == pooling::mean ? row.new_tokens() : 1; tokens > 0; --tokens)
      for (std::size_t place = 0; place < width; ++place)
        sum[place] += *next++;
  }
}

ticket torch_engine::submit(const batch& step) {
  if (finished_)
    throw std::invalid_argument("ticket " + std::to_string(next_ - 1) + " must be collected before another submit");
  validate(step, limits(), last_samples_);
  finished_ = run(step);
  return next_++;
}

step_output torch_engine::collect(ticket t) {
  if (!finished_ || t != next_ - 1)
    throw std::invalid_argument("ticket " + std::to_string(t) + " is not open");
  auto output = std::move(*finished_);
  finished_.reset();
  return output;
}

void torch_engine::warm_up() {
  const auto most_tokens = std::min({info_.max_step_tokens, info_.context, info_.kv_blocks * info_.block_size});
  // Longest chunk first: it claims the largest buffers.
  for (const auto tokens : {most_tokens, std::min<std::size_t>(64, most_tokens)}) {
    batch prefill;
    auto& row = prefill.rows.emplace_back();
    row.tokens.assign(tokens, 0);
    row.blocks.resize((tokens + info_.block_size - 1) / info_.block_size);
    std::iota(row.blocks.begin(), row.blocks.end(), 0U);
    run(prefill);
  }
  for (std::size_t rows = 1; rows <= std::min({info_.max_sequences, info_.kv_blocks, info_.max_step_tokens});
       rows *= 2) {
    batch decode;
    for (std::uint32_t i = 0; i < rows; ++i) {
      auto& row = decode.rows.emplace_back();
      row.slot = i;
      row.tokens = {0};
      row.blocks = {i};
      row.sampling.temperature = i % 2 == 0 ? 0.0F : 1.0F;
    }
    run(decode);
  }
  std::fill(last_samples_.begin(), last_samples_.end(), std::nullopt);
}

} // namespace troupe::engine
