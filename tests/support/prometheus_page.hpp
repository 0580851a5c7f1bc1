// Reads a page of metrics as strictly as a scraper may, for tests.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::test {

using label_map = std::map<std::string, std::string>;

struct metric_sample {
  std::string name;
  label_map labels;
  double value = 0;
};

/// A page in Prometheus' text format 0.0.4, line by line.
class prometheus_page {
public:
  /// Throws `std::runtime_error` for a line that is none, a sample outside its family, a family or series that comes
  /// twice or has no help, and a page that does not end with a newline.
  explicit prometheus_page(const std::string& text);

  /// The value of the one series with these labels among its own. Throws when there is none, or are several.
  double value(std::string_view name, const label_map& labels = {}) const;
  /// The sum of all series of a name that have these labels.
  double sum(std::string_view name, const label_map& labels = {}) const;
  /// All series of a name, those of a histogram under `_bucket`, `_sum` and `_count`.
  std::vector<metric_sample> all(std::string_view name) const;
  /// Every name that a sample has.
  std::set<std::string, std::less<>> names() const;

  /// By family: `counter`, `gauge` or `histogram`.
  std::map<std::string, std::string, std::less<>> types;
  std::vector<metric_sample> samples;

private:
  void read_comment(std::string_view line);
  void read_sample(std::string_view line);

  std::set<std::string, std::less<>> helps_;
  std::set<std::string> series_;
  std::string family_;
};

} // namespace troupe::test
