#include "actors/metrics_families.hpp"

#include <algorithm>

#include <prometheus/text_serializer.h>

namespace troupe {

metric_families& metric_families::buckets(const prometheus::Histogram& x, metric_labels labels) {
  auto series = x.Collect();
  series.label = std::move(labels);
  all_.back().metric.push_back(std::move(series));
  return *this;
}

std::string metric_families::text() const {
  // A family without a sample would be a name that nobody can look at.
  auto written = all_;
  std::erase_if(written, [](const prometheus::MetricFamily& x) { return x.metric.empty(); });
  return prometheus::TextSerializer{}.Serialize(written);
}

metric_families& metric_families::begin(std::string name, std::string help, prometheus::MetricType type) {
  all_.push_back({std::move(name), std::move(help), type, {}});
  return *this;
}

metric_families& metric_families::add_value(double x, metric_labels labels) {
  prometheus::ClientMetric sample;
  sample.label = std::move(labels);
  if (all_.back().type == prometheus::MetricType::Counter)
    sample.counter.value = x;
  else
    sample.gauge.value = x;
  all_.back().metric.push_back(std::move(sample));
  return *this;
}

} // namespace troupe
