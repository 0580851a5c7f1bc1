// The parts of a page of metrics.
#pragma once

#include <map>
#include <string>

#include "actors/metrics_books.hpp"
#include "actors/metrics_families.hpp"
#include "actors/protocol/types.hpp"

namespace troupe {

using model_books = std::map<std::string, model_book>;
using worker_books = std::map<worker_id, worker_book>;

/// What came in, and what became of it: started is finished + failed + cancelled + live in every page.
void add_requests(metric_families& out, const metrics_snapshot& x);
/// By model, under vLLM's names.
void add_models(
  metric_families& out, const metrics_snapshot& x, const model_books& models, const worker_books& workers);
void add_workers(metric_families& out, const metrics_snapshot& x, const worker_books& workers);
/// The cache of finished answers.
void add_cache(metric_families& out, const metrics_snapshot& x);
/// The whole: its objective, its age, its version.
void add_company(metric_families& out, const metrics_snapshot& x);

} // namespace troupe
