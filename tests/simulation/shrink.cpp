#include "tests/simulation/shrink.hpp"

#include <algorithm>
#include <utility>

namespace troupe::simulation {

namespace {

class shrinker {
public:
  shrinker(scenario story, const std::function<bool(const scenario&)>& fails, std::size_t tries)
      : best_{std::move(story)},
        fails_{fails},
        tries_{tries} {}

  scenario run() {
    for (bool better = true; better && tries_ > 0;) {
      better = drop_events();
      better = plainer_events() || better;
      better = plainer_company() || better;
    }
    return best_;
  }

private:
  /// Takes the story when it still fails. A smaller story runs its actors in another order, so a few are tried.
  bool take(scenario story) {
    constexpr int orders = 3;
    for (int i = 0; i < orders && tries_ > 0; ++i, ++story.shuffle) {
      --tries_;
      if (fails_(story)) {
        best_ = std::move(story);
        return true;
      }
    }
    return false;
  }

  /// Halves, quarters, and so on down to single events.
  bool drop_events() {
    bool better = false;
    for (auto length = std::max<std::size_t>(best_.events.size() / 2, 1); length > 0; length /= 2) {
      for (std::size_t first = 0; first < best_.events.size() && tries_ > 0;) {
        auto story = best_;
        const auto begin = story.events.begin() + static_cast<std::ptrdiff_t>(first);
        const auto end = begin + static_cast<std::ptrdiff_t>(std::min(length, story.events.size() - first));
        story.events.erase(begin, end);
        if (take(std::move(story)))
          better = true;
        else
          first += length;
      }
    }
    return better;
  }

  /// Tries a change where it is one.
  template <class Change>
  bool change(std::size_t i, Change apply) {
    auto story = best_;
    const auto before = describe(story.events[i]);
    apply(story.events[i]);
    return describe(story.events[i]) != before && take(std::move(story));
  }

  bool plainer_events() {
    bool better = false;
    for (std::size_t i = 0; i < best_.events.size() && tries_ > 0; ++i) {
      better = change(i, [](event& x) { x.lag = 0; }) || better;
      better = change(i, [](event& x) { x.reads = 0; }) || better;
      better = change(i,
                 [](event& x) {
                   x.request.params.choices = 1;
                   if (!x.request.continuations.empty())
                     x.request.continuations.resize(1);
                 }) ||
        better;
      better = change(i, [](event& x) { x.request.params.stop.clear(); }) || better;
      better = change(i, [](event& x) { x.request.timeout = timespan{0}; }) || better;
      better = change(i, [](event& x) { x.request.priority = 0; }) || better;
      better =
        change(i, [](event& x) { x.request.prompt.resize(std::min<std::size_t>(x.request.prompt.size(), 3)); }) ||
        better;
      better =
        change(i, [](event& x) { x.request.params.max_tokens = std::min(x.request.params.max_tokens, 3U); }) || better;
    }
    return better;
  }

  template <class Change>
  bool change_company(Change apply) {
    auto story = best_;
    const auto before = describe(story);
    apply(story);
    return describe(story) != before && take(std::move(story));
  }

  /// Not when a model would have none then: that is another story.
  static void keep_one_worker(scenario& x) {
    const auto same = [&](worker_kind kind) { return model_of(kind) == model_of(x.workers.front()); };
    if (std::all_of(x.workers.begin(), x.workers.end(), same))
      x.workers.resize(1);
  }

  bool plainer_company() {
    bool better = change_company([](scenario& x) { x.order = mailbox_order::turns; });
    better = change_company([](scenario& x) { x.eos_after = 0; }) || better;
    better = change_company([](scenario& x) { x.prefix_cache = false; }) || better;
    better = change_company(keep_one_worker) || better;
    return better;
  }

  scenario best_;
  const std::function<bool(const scenario&)>& fails_;
  std::size_t tries_;
};

} // namespace

scenario shrink(scenario story, const std::function<bool(const scenario&)>& fails, std::size_t tries) {
  return shrinker{std::move(story), fails, tries}.run();
}

} // namespace troupe::simulation
