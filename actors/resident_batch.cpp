#include "actors/resident_batch.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>
#include <utility>

namespace troupe {

namespace {

/// Why a sequence can never run here; an empty message when it can.
failure objection(const placement_request& work, const batch_limits& limits) {
  const auto length = std::to_string(work.tokens.size());
  if (!work.adapter.empty() && !limits.adapters.contains(work.adapter))
    return {failure_code::invalid_request,
      "this worker has loaded no adapter whose files have the digest " + work.adapter, {}, {}};
  if (work.tokens.empty() || work.prompt_tokens > work.tokens.size())
    return {failure_code::invalid_request,
      "prompt_tokens must be between 1 and the sequence's length of " + length + ", got " +
        std::to_string(work.prompt_tokens),
      {}, {}};
  if (work.tokens.size() >= limits.context)
    return {failure_code::context_length_exceeded,
      "a sequence must have less than " + std::to_string(limits.context) + " tokens to go on, got " + length, {}, {}};
  return {};
}

/// How many of its tokens a sequence may find in the cache: one is left to compute, or there would be nothing to draw
/// from; more are, where what they give is wanted, as the cache holds neither scores nor hidden states.
std::size_t most_cached(const placement_request& work) {
  if (work.score_prompt || work.pool == engine::pooling::mean)
    return 0;
  return (work.kind == work_kind::score ? work.prompt_tokens : work.tokens.size()) - 1;
}

/// The pooled states as floats, of length 1 all together. Their mean differs from their sum in its length only.
std::vector<std::uint32_t> of_length_one(const std::vector<double>& pooled) {
  double squares = 0;
  for (const auto x : pooled)
    squares += x * x;
  const auto length = std::max(std::sqrt(squares), std::numeric_limits<double>::min());
  std::vector<std::uint32_t> out;
  out.reserve(pooled.size());
  for (const auto x : pooled)
    out.push_back(std::bit_cast<std::uint32_t>(static_cast<float>(x / length)));
  return out;
}

token_score on_the_wire(const engine::token_score& score) {
  token_score out;
  out.logprob_bits = std::bit_cast<std::uint32_t>(score.logprob);
  out.top = score.top;
  for (const auto logprob : score.top_logprobs)
    out.top_bits.push_back(std::bit_cast<std::uint32_t>(logprob));
  return out;
}

} // namespace

batch_limits limits_of(const engine::model_info& info, const worker_options& options) {
  batch_limits limits;
  limits.step_tokens = std::max<std::size_t>(1, std::min(options.step_tokens, info.max_step_tokens));
  limits.slots = std::min(info.max_sequences, limits.step_tokens);
  limits.blocks = info.kv_blocks;
  limits.block_size = info.block_size;
  limits.context = std::min(info.context, info.kv_blocks * info.block_size);
  limits.share_prefixes = options.prefix_cache;
  limits.model = info.digest;
  // Of two with the same content either will do.
  for (std::size_t i = 0; i < info.adapters.size(); ++i)
    limits.adapters.emplace(info.adapters[i].digest, static_cast<std::uint32_t>(i + 1));
  return limits;
}

resident_batch::resident_batch(worker_id id, batch_limits limits, cache::block_hasher hasher, std::vector<token_id> eos,
  std::shared_ptr<grammar_store> grammars)
    : id_{id},
      limits_{std::move(limits)},
      eos_{std::move(eos)},
      grammars_{std::move(grammars)},
      hasher_{hasher},
      kv_{{limits_.blocks, limits_.block_size, limits_.share_prefixes}, hasher_} {
  for (std::size_t slot = limits_.slots; slot > 0; --slot)
    slots_.push_back(static_cast<std::uint32_t>(slot - 1));
}

void resident_batch::refuse(const placement_request& work, epoch_id epoch, failure reason) {
  report_.failed.push_back({work.key, epoch, std::move(reason)});
  left_.push_back({work.key, epoch, departure_reason::failed});
}

void resident_batch::take_in(assignment work) {
  last_admit_seen_ = std::max(last_admit_seen_, work.number);
  if (auto why = objection(work.work, limits_); !why.message.empty()) {
    refuse(work.work, work.epoch, std::move(why));
    return;
  }
  if (slots_.empty()) {
    // More than was said to be free. Nobody is pushed out for it: it waits its turn again.
    left_.push_back({work.work.key, work.epoch, departure_reason::evicted});
    return;
  }
  resident sequence;
  sequence.work = std::move(work.work);
  sequence.epoch = work.epoch;
  if (!hold_to_grammar(sequence))
    return;
  sequence.rank = work.rank;
  if (const auto found = limits_.adapters.find(sequence.work.adapter); found != limits_.adapters.end())
    sequence.adapter = found->second;
  sequence.slot = slots_.back();
  slots_.pop_back();
  const auto& tokens = sequence.work.tokens;
  sequence.blocks = kv_.begin(
    hasher_.scope(limits_.model, sequence.work.adapter, sequence.work.tenant_salt), tokens, most_cached(sequence.work));
  sequence.position = static_cast<std::uint32_t>(sequence.blocks.filled());
  residents_.push_back(std::move(sequence));
}

bool resident_batch::hold_to_grammar(resident& sequence) {
  const auto& work = sequence.work;
  if (work.grammar == text::grammar_kind::none)
    return true;
  std::string why = "this worker holds no answer to a grammar";
  if (grammars_) {
    try {
      sequence.grammar = std::make_shared<sequence_grammar>(
        *grammars_, work.grammar, work.grammar_source, std::span{work.tokens}.subspan(work.prompt_tokens));
      return true;
    } catch (const text::text_error& e) {
      why = e.what();
    }
  }
  refuse(work, sequence.epoch, {failure_code::invalid_request, std::move(why), {}, {}});
  return false;
}

void resident_batch::remove(const sequence_key& key, epoch_id epoch) {
  for (std::size_t i = 0; i < residents_.size(); ++i)
    if (residents_[i].work.key == key && residents_[i].epoch == epoch)
      residents_[i].leaving = departure_reason::removed;
  end_step();
}

engine::batch resident_batch::begin_step() {
  const auto plan = plan_step(residents_, {limits_.step_tokens, limits_.block_size, kv_.available()});
  last_step_ = {};
  last_step_.evicted = static_cast<std::uint32_t>(plan.evicted.size());
  for (const auto i : plan.evicted)
    leave(i, departure_reason::evicted);
  if (plan.too_large) {
    auto& sequence = residents_[*plan.too_large];
    report_.failed.push_back({sequence.work.key, sequence.epoch,
      {failure_code::context_length_exceeded,
        "the sequence of " + std::to_string(sequence.length()) + " tokens has outgrown the KV cache of " +
          std::to_string(limits_.blocks) + " blocks of " + std::to_string(limits_.block_size) + " tokens",
        {}, {}}});
    leave(*plan.too_large, departure_reason::failed);
  }
  rows_ = plan.rows;
  last_step_.rows = static_cast<std::uint32_t>(rows_.size());
  engine::batch step;
  std::vector<sequence_grammar*> held;
  for (const auto& row : rows_) {
    auto& sequence = residents_[row.resident];
    if (!kv_.grow(sequence.blocks, row.new_blocks))
      throw std::logic_error("resident_batch: a planned step has no blocks");
    const bool decode = sequence.remaining() == 1 && sequence.generated() > 0;
    (decode ? last_step_.decode_tokens : last_step_.prefill_tokens) += row.tokens;
    step.rows.push_back(make_row(sequence, row.tokens));
    if (step.rows.back().filter != nullptr)
      held.push_back(sequence.grammar.get());
  }
  sequence_grammar::find_out(held);
  return step;
}

void resident_batch::finish_row(std::size_t row, const engine::row_output& output) {
  auto& sequence = residents_[rows_[row].resident];
  const bool whole = rows_[row].tokens == sequence.remaining();
  if (!output.scores.empty()) {
    // Of work that scores, none before the prompt's end.
    const auto first =
      sequence.generates() ? sequence.position + 1 : std::max(sequence.position + 1, sequence.work.prompt_tokens);
    prompt_scores part{sequence.work.key, sequence.epoch, first, {}};
    for (const auto& score : output.scores)
      part.scores.push_back(on_the_wire(score));
    report_.scores.push_back(std::move(part));
  }
  sequence.position += rows_[row].tokens;
  kv_.computed(sequence.blocks, std::span{sequence.work.tokens}.first(sequence.position));
  if (!output.pooled.empty())
    sequence.pooled = output.pooled;
  if (!whole)
    return;
  if (!std::exchange(sequence.prefilled, true))
    prefilled_.push_back(sequence.work.key);
  if (!sequence.generates())
    return finish_given(sequence);
  if (!output.token)
    throw std::logic_error("the engine drew no token for row " + std::to_string(row));
  sequence_tokens news;
  news.key = sequence.work.key;
  news.epoch = sequence.epoch;
  news.first_position = static_cast<std::uint32_t>(sequence.length());
  news.tokens.push_back(*output.token);
  if (output.score)
    news.scores.push_back(on_the_wire(*output.score));
  sequence.work.tokens.push_back(*output.token);
  news.finish = finish_of(sequence, eos_, limits_.context);
  if (news.finish != finish_reason::none)
    sequence.leaving = departure_reason::finished;
  report_.tokens.push_back(std::move(news));
  if (sequence.grammar && !sequence.leaving)
    follow_grammar(sequence, sequence.work.tokens.back());
}

void resident_batch::finish_given(resident& sequence) {
  sequence.leaving = departure_reason::finished;
  if (sequence.work.kind == work_kind::embed)
    report_.embeddings.push_back({sequence.work.key, sequence.epoch, of_length_one(sequence.pooled)});
}

void resident_batch::follow_grammar(resident& sequence, token_id token) {
  try {
    sequence.grammar->accept(token);
  } catch (const text::text_error& e) {
    report_.failed.push_back({sequence.work.key, sequence.epoch, {failure_code::internal_error, e.what(), {}, {}}});
    sequence.leaving = departure_reason::failed;
  }
}

void resident_batch::fail_row(std::size_t row, const std::string& why) {
  auto& sequence = residents_[rows_[row].resident];
  report_.failed.push_back({sequence.work.key, sequence.epoch, {failure_code::internal_error, why, {}, {}}});
  sequence.leaving = departure_reason::failed;
}

void resident_batch::leave(std::size_t index, departure_reason reason) {
  auto& sequence = residents_[index];
  sequence.leaving = reason;
  kv_.release(sequence.blocks);
}

void resident_batch::end_step() {
  for (std::size_t i = 0; i < residents_.size(); ++i) {
    const auto& sequence = residents_[i];
    if (!sequence.leaving)
      continue;
    left_.push_back({sequence.work.key, sequence.epoch, *sequence.leaving});
    slots_.push_back(sequence.slot);
    leave(i, *sequence.leaving);
  }
  std::erase_if(residents_, [](const resident& sequence) { return sequence.leaving.has_value(); });
  rows_.clear();
}

step_report resident_batch::take_report() {
  report_.worker = id_;
  return std::exchange(report_, {});
}

room resident_batch::take_room() {
  room free;
  free.worker = id_;
  free.last_admit_seen = last_admit_seen_;
  free.free_slots = static_cast<std::uint32_t>(slots_.size());
  free.free_blocks = static_cast<std::uint32_t>(unclaimed_blocks(residents_, limits_.block_size, kv_.available()));
  free.prefilled = std::exchange(prefilled_, {});
  free.left = std::exchange(left_, {});
  return free;
}

void resident_batch::count_experts(const std::vector<std::uint64_t>& tokens) {
  auto& counted = last_step_.expert_tokens;
  counted.resize(std::max(counted.size(), tokens.size()));
  for (std::size_t i = 0; i < tokens.size(); ++i)
    counted[i] += tokens[i];
}

step_record resident_batch::record(timespan duration) {
  step_record done = last_step_;
  done.worker = id_;
  done.duration = duration;
  done.resident = static_cast<std::uint32_t>(residents_.size());
  done.blocks_used = static_cast<std::uint32_t>(kv_.size() - kv_.available());
  const auto& now = kv_.statistics();
  done.prefix_query_tokens = now.query_tokens - counted_.query_tokens;
  done.prefix_hit_tokens = now.hit_tokens - counted_.hit_tokens;
  counted_ = now;
  return done;
}

} // namespace troupe
