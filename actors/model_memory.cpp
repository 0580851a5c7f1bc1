#include "actors/model_memory.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include <spdlog/fmt/fmt.h>

namespace troupe {

namespace {

bool may_leave(const model_claim& model) {
  return model.place == model_place::here && !model.pinned;
}

/// The wanted ones, in the order in which they are looked at.
std::vector<const model_claim*> wanted(const std::vector<model_claim>& models) {
  std::vector<const model_claim*> out;
  for (const auto& model : models)
    if (model.place == model_place::absent && model.waiting > 0)
      out.push_back(&model);
  std::stable_sort(
    out.begin(), out.end(), [](const auto* a, const auto* b) { return a->wanted_since < b->wanted_since; });
  return out;
}

/// Those that may give way, in the order in which they do.
std::vector<const model_claim*> victims(const std::vector<model_claim>& models) {
  std::vector<const model_claim*> out;
  for (const auto& model : models)
    if (may_leave(model))
      out.push_back(&model);
  std::stable_sort(out.begin(), out.end(), [](const auto* a, const auto* b) {
    return std::tuple{a->busy(), a->last_used} < std::tuple{b->busy(), b->last_used};
  });
  return out;
}

std::uint64_t total(const std::vector<model_claim>& models, bool pinned_only) {
  std::uint64_t out = 0;
  for (const auto& model : models)
    if (model.place != model_place::absent && (model.pinned || !pinned_only))
      out += model.bytes;
  return out;
}

std::string why_never(const std::vector<model_claim>& models, const model_claim& model, std::uint64_t budget) {
  std::string holders;
  for (const auto& other : models)
    if (other.place != model_place::absent && other.pinned)
      holders += fmt::format("{}'{}' {}", holders.empty() ? "" : ", ", other.name, bytes_text(other.bytes));
  return fmt::format("it needs {} of memory; the budget is {}{}", bytes_text(model.bytes), bytes_text(budget),
    holders.empty() ? std::string{} : ", of which pinned models hold: " + holders);
}

} // namespace

memory_orders share_memory(const std::vector<model_claim>& models, std::uint64_t budget) {
  memory_orders out;
  const auto pinned = total(models, true);
  auto used = total(models, false);
  for (const auto* model : wanted(models)) {
    if (budget == 0 || used + model->bytes <= budget) {
      out.load.push_back(model->name);
      used += model->bytes;
      continue;
    }
    if (pinned + model->bytes > budget) {
      out.refused.push_back({model->name, why_never(models, *model, budget)});
      continue;
    }
    auto after = used;
    for (const auto& other : models)
      if (other.place == model_place::leaving)
        after -= other.bytes;
    for (const auto* victim : victims(models)) {
      if (after + model->bytes <= budget)
        break;
      out.give_way.push_back(victim->name);
      after -= victim->bytes;
    }
    // Who comes later must not take what this one waits for.
    break;
  }
  return out;
}

void model_size::add(const worker_options& worker) {
  kv_ += worker.kv_bytes;
  weights_[{worker.engine.device, worker.engine.dtype}] = worker.weight_bytes;
}

std::uint64_t model_size::bytes() const {
  auto out = kv_;
  for (const auto& [place, bytes] : weights_)
    out += bytes;
  return out;
}

std::vector<std::string> left_alone(const std::vector<model_claim>& models, time_point now) {
  std::vector<std::string> out;
  for (const auto& model : models)
    if (may_leave(model) && !model.busy() && model.idle.count() > 0 && now - model.last_used >= model.idle)
      out.push_back(model.name);
  return out;
}

std::optional<time_point> next_left_alone(const std::vector<model_claim>& models) {
  std::optional<time_point> out;
  for (const auto& model : models)
    if (may_leave(model) && !model.busy() && model.idle.count() > 0)
      out = std::min(out.value_or(time_point::max()), model.last_used + model.idle);
  return out;
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array units{"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024)
    return fmt::format("{} bytes", bytes);
  auto value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < units.size(); ++unit)
    value /= 1024;
  return fmt::format("{:.1f} {}", value, units[unit]);
}

} // namespace troupe
