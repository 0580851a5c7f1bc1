// Which models are in memory, and who gives way so that another fits: plain data, no actor.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/options.hpp"
#include "actors/protocol/types.hpp"

namespace troupe {

using time_point = std::chrono::steady_clock::time_point;

/// Where a model is on its way into memory and out of it.
enum class model_place : std::uint8_t { absent, coming, here, leaving };

/// A model as the budget sees it.
struct model_claim {
  std::string name;
  /// What it holds, or would.
  std::uint64_t bytes = 0;
  model_place place = model_place::absent;
  /// It never gives way.
  bool pinned = false;
  std::uint32_t running = 0;
  std::uint32_t waiting = 0;
  /// When it last had work.
  time_point last_used{};
  /// Since when somebody waits for it.
  time_point wanted_since{};
  /// How long it may be without work before it leaves; zero for ever.
  timespan idle{0};

  bool busy() const { return running > 0 || waiting > 0; }
};

/// What is to be done about the models, each list in the order of the decisions.
struct memory_orders {
  struct refusal {
    std::string model;
    std::string reason;
  };

  /// They fit now.
  std::vector<std::string> load;
  /// They leave once their work has ended.
  std::vector<std::string> give_way;
  /// They never fit as things stand.
  std::vector<refusal> refused;
};

/// Decides about the absent models that somebody waits for, who has waited longest first.
///
/// One that fits into what is left is loaded. One that does not makes others give way: those without work before those
/// with some, and of these the least recently used first; never one that is pinned or still on its way. It waits for
/// what they free, and those behind it wait for it. One that would not fit if all gave way is refused, with what holds
/// the memory. `budget` is in bytes, zero for none.
memory_orders share_memory(const std::vector<model_claim>& models, std::uint64_t budget);

/// What the workers of one model hold together: each its KV cache, and those on one device the same weights.
class model_size {
public:
  void add(const worker_options& worker);
  std::uint64_t bytes() const;

private:
  std::uint64_t kv_ = 0;
  std::map<std::pair<std::string, engine::data_type>, std::uint64_t> weights_;
};

/// The models that have been without work for as long as they may.
std::vector<std::string> left_alone(const std::vector<model_claim>& models, time_point now);
/// When the next one will have been; nothing when none will.
std::optional<time_point> next_left_alone(const std::vector<model_claim>& models);

/// `1.5 GiB`
std::string bytes_text(std::uint64_t bytes);

} // namespace troupe
