#include "http/answer_group.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace troupe::http {

answer_group::answer_group(company_port& port, std::vector<native_request> requests, std::size_t most_bytes,
  std::function<void()> wake, std::size_t window)
    : port_(port),
      most_bytes_(most_bytes),
      wake_(std::move(wake)),
      window_(window == 0 ? requests.size() : window),
      several_(requests.size() > 1),
      choices_each_(std::max<std::uint32_t>(requests.front().params.choices, 1)),
      waiting_(std::make_move_iterator(requests.rbegin()), std::make_move_iterator(requests.rend())) {
  hand_in();
}

void answer_group::hand_in() {
  if (waiting_.empty() || failed_event() != nullptr)
    return;
  auto running = static_cast<std::size_t>(
    std::count_if(parts_.begin(), parts_.end(), [](const auto& part) { return !part->ended(); }));
  for (; running < window_ && !waiting_.empty(); ++running) {
    auto next = std::move(waiting_.back());
    waiting_.pop_back();
    const auto wake = [this] {
      hand_in();
      wake_();
    };
    const auto place = several_ ? "[" + std::to_string(parts_.size()) + "]" : std::string{};
    parts_.push_back(std::make_unique<running_answer>(port_, std::move(next), most_bytes_, wake, place));
  }
}

std::optional<answer_admitted> answer_group::admitted_event() const {
  // The last one told is what is left after all.
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part)
    if ((*part)->admitted_event())
      return (*part)->admitted_event();
  return std::nullopt;
}

std::optional<answer_started> answer_group::started_event() const {
  std::optional<answer_started> all;
  if (!waiting_.empty())
    return std::nullopt;
  for (const auto& part : parts_) {
    const auto& one = part->started_event();
    if (!one)
      return std::nullopt;
    if (!all) {
      all = one;
      continue;
    }
    all->usage.prompt_tokens += one->usage.prompt_tokens;
    if (all->cache == cache_state::hit)
      all->cache = one->cache;
  }
  return all;
}

std::vector<answer_text> answer_group::take_text() {
  auto all = parts_.front()->take_text();
  for (std::uint32_t i = 1; i < parts_.size(); ++i)
    for (auto& event : parts_[i]->take_text()) {
      event.choice += i * choices_each_;
      all.push_back(std::move(event));
    }
  return all;
}

bool answer_group::has_text() const {
  return std::any_of(parts_.begin(), parts_.end(), [](const auto& part) { return part->has_text(); });
}

std::optional<answer_finished> answer_group::finished_event() const {
  answer_finished all;
  if (!waiting_.empty())
    return std::nullopt;
  for (const auto& part : parts_) {
    const auto* one = part->finished_event();
    if (one == nullptr)
      return std::nullopt;
    all.usage.prompt_tokens += one->usage.prompt_tokens;
    all.usage.completion_tokens += one->usage.completion_tokens;
    all.truncated_messages += one->truncated_messages;
    all.time_to_first_token = std::max(all.time_to_first_token, one->time_to_first_token);
    all.latency = std::max(all.latency, one->latency);
  }
  return all;
}

const failure* answer_group::failed_event() const {
  for (const auto& part : parts_)
    if (const auto* failed = part->failed_event())
      return failed;
  return nullptr;
}

void answer_group::detach(detach_reason why) {
  waiting_.clear();
  for (const auto& part : parts_)
    part->detach(why);
}

} // namespace troupe::http
