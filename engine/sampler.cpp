#include "engine/sampler.hpp"

#include "engine/logit_rules.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace troupe::engine {

namespace {

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53U} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57U} * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32U) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
      static_cast<std::uint32_t>(a >> 32U) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += 0x9E3779B9U;
    key[1] += 0xBB67AE85U;
  }
  return counter;
}

/// Every filter keeps a beginning of the tokens in falling order of probability. Finds how long it is, sorting no
/// more than it must: a larger head of the order only when the filters reach beyond the one before.
class ranking {
public:
  ranking(std::span<const float> probabilities, std::size_t most) : probabilities_(probabilities), most_(most) {
    order_.resize(probabilities.size());
    std::iota(order_.begin(), order_.end(), 0);
  }

  std::size_t most() const { return most_; }

  /// The token of a rank below `most`.
  token_id token(std::size_t rank) {
    if (rank >= sorted_)
      sort_to(rank + 1);
    return order_[rank];
  }

  float probability(std::size_t rank) { return probabilities_[static_cast<std::size_t>(token(rank))]; }

private:
  void sort_to(std::size_t count) {
    const auto wanted = std::min(most_, std::max({count, 4 * sorted_, std::size_t{64}}));
    const auto higher = [this](token_id a, token_id b) {
      const auto x = probabilities_[static_cast<std::size_t>(a)];
      const auto y = probabilities_[static_cast<std::size_t>(b)];
      return x > y || (x == y && a < b);
    };
    const auto at = [this](std::size_t i) { return order_.begin() + static_cast<std::ptrdiff_t>(i); };
    if (sorted_ == 0 && wanted <= 256) {
      // One comparison with the worst of the best so far decides most tokens.
      std::partial_sort(at(0), at(wanted), order_.end(), higher);
    } else {
      std::nth_element(at(sorted_), at(wanted), order_.end(), higher);
      std::sort(at(sorted_), at(wanted), higher);
    }
    sorted_ = wanted;
  }

  std::span<const float> probabilities_;
  std::vector<token_id> order_;
  std::size_t most_;
  std::size_t sorted_ = 0;
};

/// In the order of the vocabulary: nothing is filtered.
token_id draw_any(std::span<const float> probabilities, double uniform) {
  double total = 0;
  for (const auto p : probabilities)
    total += p;
  double sum = 0;
  std::size_t last = 0;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    if (probabilities[i] <= 0)
      continue;
    sum += probabilities[i];
    last = i;
    if (sum > uniform * total)
      break;
  }
  return static_cast<token_id>(last);
}

/// Greedy rows and, at the same cost, all others'.
std::vector<token_id> highest(const at::Tensor& logits) {
  const auto best = logits.argmax(-1).to(at::kCPU);
  const auto* from = best.const_data_ptr<std::int64_t>();
  return {from, from + best.size(0)};
}

void draw_rows(const at::Tensor& logits, std::span<const sample_request> requests,
  const std::vector<std::int64_t>& rows, std::vector<row_output>& outputs) {
  auto temperatures = at::empty({static_cast<std::int64_t>(rows.size()), 1}, at::kFloat);
  for (std::size_t i = 0; i < rows.size(); ++i)
    temperatures.data_ptr<float>()[i] = requests[static_cast<std::size_t>(rows[i])].sampling.temperature;
  const auto chosen = rows_of(logits, rows);
  // Relative to the highest, so that a tiny temperature does not overflow.
  const auto scaled = (chosen - chosen.amax(-1, true)).div_(temperatures.to(logits.device()));
  const auto probabilities = at::softmax(scaled, -1).to(at::kCPU).contiguous();
  const auto vocabulary = static_cast<std::size_t>(logits.size(1));
  const auto* from = probabilities.const_data_ptr<float>();
  at::parallel_for(0, static_cast<std::int64_t>(rows.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      const auto row = static_cast<std::size_t>(rows[i]);
      const auto& request = requests[row];
      outputs[row].token = draw({from + i * vocabulary, vocabulary}, request.sampling,
        uniform_at(request.sampling.seed, request.choice, request.sample_index));
    }
  });
}

/// Scores the drawn tokens of those rows that ask for it, with as many of the likeliest as each wants.
void add_scores(const at::Tensor& logits, std::span<const sample_request> requests,
  const std::vector<std::int64_t>& rows, std::vector<row_output>& outputs) {
  std::vector<token_id> tokens;
  std::uint32_t most = 0;
  for (const auto row : rows) {
    const auto at = static_cast<std::size_t>(row);
    tokens.push_back(*outputs[at].token);
    most = std::max(most, requests[at].sampling.top_logprobs);
  }
  auto scores = score(rows_of(logits, rows), tokens, most);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto at = static_cast<std::size_t>(rows[i]);
    const auto wanted = std::min<std::size_t>(requests[at].sampling.top_logprobs, scores[i].top.size());
    scores[i].top.resize(wanted);
    scores[i].top_logprobs.resize(wanted);
    outputs[at].score = std::move(scores[i]);
  }
}

} // namespace

double uniform_at(std::uint64_t seed, std::uint32_t choice, std::uint64_t sample_index) {
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  const auto bits = philox({low(sample_index), low(sample_index >> 32U), choice, 0}, {low(seed), low(seed >> 32U)});
  const auto wide = (std::uint64_t{bits[0]} << 32U) | bits[1];
  return static_cast<double>(wide >> 11U) * 0x1.0p-53;
}

token_id draw(std::span<const float> probabilities, const sampling_params& sampling, double uniform) {
  if (sampling.top_k == 0 && sampling.top_p >= 1 && sampling.min_p <= 0)
    return draw_any(probabilities, uniform);
  const auto vocabulary = probabilities.size();
  const auto top_k = static_cast<std::size_t>(sampling.top_k);
  ranking ranks(probabilities, top_k > 0 ? std::min(top_k, vocabulary) : vocabulary);
  double total = 1;
  if (top_k > 0) {
    total = 0;
    for (std::size_t i = 0; i < ranks.most(); ++i)
      total += ranks.probability(i);
  }
  std::size_t kept = 0;
  double sum = 0;
  std::vector<double> sums;
  const double least = double{sampling.min_p} * ranks.probability(0);
  while (kept < ranks.most() &&
    (kept == 0 ||
      ((sampling.top_p >= 1 || sum < sampling.top_p * total) && ranks.probability(kept) > 0 &&
        ranks.probability(kept) >= least))) {
    sum += ranks.probability(kept++);
    sums.push_back(sum);
  }
  const auto at = std::upper_bound(sums.begin(), sums.end(), uniform * sum) - sums.begin();
  return ranks.token(std::min(static_cast<std::size_t>(at), kept - 1));
}

at::Tensor rows_of(const at::Tensor& matrix, const std::vector<std::int64_t>& rows) {
  bool all = static_cast<std::int64_t>(rows.size()) == matrix.size(0);
  for (std::size_t i = 0; all && i < rows.size(); ++i)
    all = rows[i] == static_cast<std::int64_t>(i);
  return all ? matrix : matrix.index_select(0, at::tensor(rows, at::kLong).to(matrix.device()));
}

std::vector<token_score> score(const at::Tensor& logits, std::span<const token_id> tokens, std::uint32_t top) {
  const auto all = at::log_softmax(logits, -1);
  std::vector<std::int64_t> wanted(tokens.begin(), tokens.end());
  const auto index = at::tensor(wanted, at::kLong).to(logits.device()).unsqueeze(1);
  const auto chosen = all.gather(1, index).to(at::kCPU).contiguous();
  const auto [values, ids] = all.topk(std::min<std::int64_t>(top, all.size(1)), -1);
  const auto likeliest = values.to(at::kCPU).contiguous();
  const auto likeliest_ids = ids.to(at::kCPU).contiguous();
  const auto each = static_cast<std::size_t>(likeliest.size(1));
  std::vector<token_score> scores(tokens.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    scores[i].logprob = chosen.const_data_ptr<float>()[i];
    const auto* from = likeliest.const_data_ptr<float>() + i * each;
    const auto* from_ids = likeliest_ids.const_data_ptr<std::int64_t>() + i * each;
    scores[i].top_logprobs.assign(from, from + each);
    for (std::size_t rank = 0; rank < each; ++rank)
      scores[i].top.push_back(static_cast<token_id>(from_ids[rank]));
  }
  return scores;
}

std::vector<row_output> sample(const at::Tensor& own, std::span<const sample_request> requests) {
  std::vector<row_output> outputs(requests.size());
  if (requests.empty())
    return outputs;
  std::vector<std::int64_t> drawn;
  std::vector<std::int64_t> scored;
  const auto logits = adjusted(own, requests);
  const auto best = highest(logits);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    outputs[i].token = best[i];
    if (requests[i].sampling.temperature > 0 && requests[i].sampling.top_k != 1)
      drawn.push_back(static_cast<std::int64_t>(i));
    if (requests[i].sampling.logprobs)
      scored.push_back(static_cast<std::int64_t>(i));
  }
  if (!drawn.empty())
    draw_rows(logits, requests, drawn, outputs);
  if (!scored.empty())
    add_scores(own, requests, scored, outputs);
  return outputs;
}

} // namespace troupe::engine
