// Families of metrics, put together one by one and written in Prometheus' text format.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>

namespace troupe {

using metric_labels = std::vector<prometheus::ClientMetric::Label>;

/// A list of families. A family is begun by its type; the samples that follow are its own.
class metric_families {
public:
  metric_families& counter(std::string name, std::string help) {
    return begin(std::move(name), std::move(help), prometheus::MetricType::Counter);
  }
  metric_families& gauge(std::string name, std::string help) {
    return begin(std::move(name), std::move(help), prometheus::MetricType::Gauge);
  }
  metric_families& histogram(std::string name, std::string help) {
    return begin(std::move(name), std::move(help), prometheus::MetricType::Histogram);
  }

  /// One sample of a counter or a gauge.
  template <class Number>
  metric_families& value(Number x, metric_labels labels = {}) {
    return add_value(static_cast<double>(x), std::move(labels));
  }
  /// One series of a histogram.
  metric_families& buckets(const prometheus::Histogram& x, metric_labels labels = {});

  /// All families that have a sample.
  std::string text() const;

private:
  metric_families& begin(std::string name, std::string help, prometheus::MetricType type);
  metric_families& add_value(double x, metric_labels labels);

  std::vector<prometheus::MetricFamily> all_;
};

} // namespace troupe
