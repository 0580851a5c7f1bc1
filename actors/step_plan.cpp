#include "actors/step_plan.hpp"

#include <algorithm>
#include <span>
#include <unordered_map>
#include <utility>

namespace troupe {

namespace {

/// Blocks missing for the first `tokens` tokens of a sequence.
std::size_t missing_blocks(const resident& sequence, std::size_t tokens, std::size_t block_size) {
  const auto needed = (tokens + block_size - 1) / block_size;
  const auto held = sequence.blocks.table().size();
  return needed > held ? needed - held : 0;
}

/// Rows for those who stay, as if there were blocks enough.
std::vector<planned_row> choose_rows(
  const std::vector<resident>& residents, const std::vector<bool>& stays, const step_limits& limits) {
  std::vector<planned_row> rows;
  std::size_t budget = limits.tokens;
  const auto add = [&](std::size_t i) {
    const auto tokens = std::min(residents[i].remaining(), budget);
    if (tokens == 0)
      return;
    budget -= tokens;
    const auto blocks = missing_blocks(residents[i], residents[i].position + tokens, limits.block_size);
    rows.push_back({i, static_cast<std::uint32_t>(tokens), static_cast<std::uint32_t>(blocks)});
  };
  for (std::size_t i = 0; i < residents.size(); ++i)
    if (stays[i] && residents[i].remaining() == 1)
      add(i);
  for (std::size_t i = 0; i < residents.size(); ++i)
    if (stays[i] && residents[i].remaining() > 1)
      add(i);
  return rows;
}

/// How many of those that stay hold each block; filled when the first one gives way.
class block_holders {
public:
  explicit block_holders(const std::vector<resident>& residents) : residents_{residents} {}

  /// How many blocks are free once this resident has gone too.
  std::size_t give_way(std::size_t resident) {
    if (count_.empty())
      for (const auto& sequence : residents_)
        for (const auto block : sequence.blocks.table())
          ++count_[block];
    std::size_t freed = 0;
    for (const auto block : residents_[resident].blocks.table())
      freed += --count_[block] == 0 ? 1 : 0;
    return freed;
  }

private:
  const std::vector<resident>& residents_;
  std::unordered_map<engine::block_id, std::size_t> count_;
};

} // namespace

step_plan plan_step(const std::vector<resident>& residents, const step_limits& limits) {
  step_plan plan;
  std::vector<bool> stays(residents.size(), true);
  std::vector<std::size_t> by_rank(residents.size());
  for (std::size_t i = 0; i < by_rank.size(); ++i)
    by_rank[i] = i;
  // The highest rank is last; of equal ranks, the younger placement.
  std::sort(by_rank.begin(), by_rank.end(), [&](std::size_t a, std::size_t b) {
    return std::pair{residents[a].rank, residents[a].epoch} < std::pair{residents[b].rank, residents[b].epoch};
  });
  std::size_t free = limits.free_blocks;
  block_holders holders{residents};
  while (!by_rank.empty()) {
    plan.rows = choose_rows(residents, stays, limits);
    std::size_t needed = 0;
    for (const auto& row : plan.rows)
      needed += row.new_blocks;
    if (needed <= free)
      return plan;
    const auto last = by_rank.back();
    by_rank.pop_back();
    stays[last] = false;
    free += holders.give_way(last);
    if (by_rank.empty())
      plan.too_large = last;
    else
      plan.evicted.push_back(last);
  }
  plan.rows.clear();
  return plan;
}

namespace {

/// Has the row score those of the sequence's tokens that are to be, as far as its new tokens predict them.
void score_given(engine::batch_row& row, const resident& sequence) {
  const auto& work = sequence.work;
  const bool all_behind = work.kind == work_kind::score;
  if (!all_behind && !work.score_prompt)
    return;
  const std::size_t first = sequence.position + 1;
  const auto from = std::max<std::size_t>(first, all_behind ? work.prompt_tokens : 1);
  const auto to =
    std::min<std::size_t>(first + row.tokens.size(), all_behind ? work.tokens.size() : std::size_t{work.prompt_tokens});
  if (from >= to)
    return;
  row.scored_from = static_cast<std::uint32_t>(from - first);
  for (auto i = from; i < to; ++i)
    row.scored.push_back(work.tokens[i]);
}

/// A mean wants every step's states, a last one the last step's.
void pool_states(engine::batch_row& row, const resident& sequence) {
  const auto pool = sequence.work.pool;
  if (pool == engine::pooling::mean || (pool == engine::pooling::last && row.tokens.size() == sequence.remaining()))
    row.pool = pool;
  if (pool == engine::pooling::mean)
    row.pooled = sequence.pooled;
}

} // namespace

engine::batch_row make_row(const resident& sequence, std::uint32_t tokens) {
  engine::batch_row row;
  row.slot = sequence.slot;
  row.adapter = sequence.adapter;
  const auto first = sequence.work.tokens.begin() + sequence.position;
  row.tokens.assign(first, first + tokens);
  row.position = sequence.position;
  row.blocks = sequence.blocks.table();
  row.sample = sequence.generates() && tokens == sequence.remaining();
  row.sampling = sequence.work.sampling;
  row.choice = sequence.work.key.choice;
  row.sample_index = sequence.generated();
  if (row.sample)
    row.filter = sequence.grammar.get();
  const std::span all{sequence.work.tokens};
  if (row.sampling.penalizes()) {
    row.prompt = all.first(sequence.work.prompt_tokens);
    row.drawn = all.subspan(sequence.work.prompt_tokens);
  }
  score_given(row, sequence);
  pool_states(row, sequence);
  return row;
}

finish_reason finish_of(const resident& sequence, const std::vector<token_id>& eos, std::size_t context) {
  const auto last = sequence.work.tokens.back();
  if (!sequence.work.ignore_eos && std::find(eos.begin(), eos.end(), last) != eos.end())
    return finish_reason::stop;
  const auto bound = sequence.work.max_tokens;
  if (sequence.length() >= context || (bound != 0 && sequence.generated() >= bound))
    return finish_reason::length;
  return finish_reason::none;
}

std::size_t unclaimed_blocks(const std::vector<resident>& residents, std::size_t block_size, std::size_t free_blocks) {
  std::size_t claimed = 0;
  for (const auto& sequence : residents)
    claimed += missing_blocks(sequence, sequence.length(), block_size);
  return free_blocks > claimed ? free_blocks - claimed : 0;
}

} // namespace troupe
