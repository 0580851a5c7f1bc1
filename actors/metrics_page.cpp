#include "actors/metrics_page.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <string_view>

#include "actors/metrics_books.hpp"
#include "actors/metrics_families.hpp"
#include "actors/metrics_sections.hpp"

namespace troupe {

namespace {

/// Observes the same value several times.
void observe(prometheus::Histogram& histogram, const bucket_bounds& bounds, double value, std::uint32_t times) {
  if (times == 0)
    return;
  std::vector<double> increments(bounds.size() + 1);
  const auto place = std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
  increments[static_cast<std::size_t>(place)] = times;
  histogram.ObserveMultiple(increments, value * times);
}

} // namespace

bool reached_cache(const sink_record& x) {
  return x.result != outcome::failed ||
    (x.code != failure_code::queue_full && x.code != failure_code::rate_limited && x.code != failure_code::draining);
}

bool had_run(const sink_record& x) {
  return reached_cache(x) && x.cache != cache_state::hit;
}

struct metrics_page::books {
  double objective;
  std::map<std::string, model_book> models;
  std::map<worker_id, worker_book> workers;

  void know(worker_id id, const std::string& model) {
    workers[id].model = model;
    models.try_emplace(model, objective);
  }

  /// A name that no worker holds may be a client's invention.
  model_book& model_of(const std::string& name) {
    const auto found = models.find(name);
    return found != models.end() ? found->second : models.try_emplace("other", objective).first->second;
  }
};

metrics_page::metrics_page(timespan objective) : books_{std::make_unique<books>()} {
  books_->objective = seconds_of(objective);
}
metrics_page::~metrics_page() = default;
metrics_page::metrics_page(metrics_page&&) noexcept = default;
metrics_page& metrics_page::operator=(metrics_page&&) noexcept = default;

void metrics_page::take(const sink_record& x) {
  // Refusals have nothing to count here, and must not make a model of a name.
  if (!reached_cache(x))
    return;
  auto& model = books_->model_of(x.model);
  model.prompt_tokens += x.usage.prompt_tokens;
  model.generation_tokens += x.usage.completion_tokens;
  if (x.usage.completion_tokens > 0)
    model.first_token.Observe(seconds_of(x.time_to_first_token));
  if (had_run(x))
    model.queued.Observe(seconds_of(x.queued));
  if (x.result != outcome::finished)
    return;
  model.request.Observe(seconds_of(x.latency));
  ++(x.finish == finish_reason::length ? model.cut : model.stopped);
  // Who came to a run under way, or to a finished answer, had its tokens at once.
  const bool saw_all = x.cache == cache_state::miss || x.cache == cache_state::bypass;
  if (saw_all && x.usage.completion_tokens > 1)
    model.per_token.Observe(seconds_of(x.latency - x.time_to_first_token) / (x.usage.completion_tokens - 1));
}

void metrics_page::take(const step_record& x) {
  auto& worker = books_->workers[x.worker];
  worker.step.Observe(seconds_of(x.duration));
  worker.rows += x.rows;
  auto& model = books_->model_of(worker.model);
  // Every step feeds every resident sequence: its time is the time between two tokens of each that decodes.
  observe(model.between_tokens, token_bounds, seconds_of(x.duration), x.decode_tokens);
  model.prefix_query_tokens += x.prefix_query_tokens;
  model.prefix_hit_tokens += x.prefix_hit_tokens;
  model.evicted += x.evicted;
  model.expert_tokens.resize(std::max(model.expert_tokens.size(), x.expert_tokens.size()));
  for (std::size_t i = 0; i < x.expert_tokens.size(); ++i)
    model.expert_tokens[i] += x.expert_tokens[i];
}

void metrics_page::take(const worker_ready& x) {
  books_->know(x.worker, x.model);
}

void metrics_page::take(const worker_status& x) {
  books_->know(x.worker, x.model);
}

void metrics_page::take(const worker_gone& x) {
  if (!x.expected_back)
    books_->workers.erase(x.worker);
}

std::string metrics_page::text(const metrics_snapshot& snapshot) const {
  metric_families out;
  add_requests(out, snapshot);
  add_models(out, snapshot, books_->models, books_->workers);
  add_workers(out, snapshot, books_->workers);
  add_cache(out, snapshot);
  add_company(out, snapshot);
  return out.text();
}

} // namespace troupe
