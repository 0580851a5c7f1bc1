// How far a benchmark is, for whoever waits at a terminal.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>

#include "bench/plan.hpp"

namespace troupe::bench {

/// How far a scenario is.
struct progress {
  scenario kind = scenario::sequential;
  std::size_t done = 0;
  std::size_t total = 0;
  std::size_t failed = 0;
};

/// One line of at most 79 columns: name, bar, counts.
std::string progress_line(const progress& p);

/// Draws a scenario's line over and over in the same place. Not thread safe.
class progress_bar {
public:
  /// Draws nothing unless `shown`. `out` must outlive the bar.
  progress_bar(std::ostream& out, bool shown) : out_{out}, shown_{shown} {}

  void draw(const progress& p);
  /// Removes the line.
  void clear();

private:
  std::ostream& out_;
  bool shown_;
};

} // namespace troupe::bench
