#include "engine/logit_rules.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>

namespace troupe::engine {

namespace {

bool changes(const sample_request& request) {
  return request.filter != nullptr || request.sampling.penalizes() || !request.sampling.logit_bias.empty();
}

float& at(std::span<float> logits, token_id token) {
  return logits[static_cast<std::size_t>(token)];
}

void penalize_repetition(std::span<float> logits, const sample_request& request) {
  const auto penalty = request.sampling.repetition_penalty;
  std::unordered_set<token_id> seen(request.prompt.begin(), request.prompt.end());
  seen.insert(request.drawn.begin(), request.drawn.end());
  // Each token is changed once and by itself, so that the order of the set does not matter.
  for (const auto token : seen) {
    auto& logit = at(logits, token);
    logit = logit > 0 ? logit / penalty : logit * penalty;
  }
}

void penalize_drawn(std::span<float> logits, const sample_request& request) {
  std::unordered_map<token_id, int> times;
  for (const auto token : request.drawn)
    ++times[token];
  for (const auto& [token, count] : times)
    at(logits, token) -=
      request.sampling.presence_penalty + request.sampling.frequency_penalty * static_cast<float>(count);
}

void keep_allowed(std::span<float> logits, token_filter& filter) {
  constexpr std::size_t bits = 32;
  const auto allowed = filter.allowed();
  bool any = false;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const bool may = i / bits < allowed.size() && (allowed[i / bits] >> (i % bits) & 1U) != 0;
    any = any || may;
    if (!may)
      logits[i] = -std::numeric_limits<float>::infinity();
  }
  if (!any)
    throw std::runtime_error("the grammar allows no token here");
}

} // namespace

void apply_rules(std::span<float> logits, const sample_request& request) {
  if (request.sampling.repetition_penalty != 1)
    penalize_repetition(logits, request);
  if (request.sampling.presence_penalty != 0 || request.sampling.frequency_penalty != 0)
    penalize_drawn(logits, request);
  for (const auto& [token, bias] : request.sampling.logit_bias)
    at(logits, token) += bias;
  if (request.filter != nullptr)
    keep_allowed(logits, *request.filter);
}

at::Tensor adjusted(const at::Tensor& logits, std::span<const sample_request> requests) {
  if (std::none_of(requests.begin(), requests.end(), changes))
    return logits;
  const auto own = logits.clone();
  const auto vocabulary = static_cast<std::size_t>(logits.size(1));
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (!changes(requests[i]))
      continue;
    const auto row = own[static_cast<std::int64_t>(i)];
    // The row itself on a CPU, a copy of it on another device.
    const auto here = row.to(at::kCPU).contiguous();
    apply_rules({here.data_ptr<float>(), vocabulary}, requests[i]);
    if (!here.is_same(row))
      row.copy_(here);
  }
  return own;
}

} // namespace troupe::engine
