// The counters in the text format of Prometheus.
#pragma once

#include <string>

#include "actors/protocol/types.hpp"

namespace troupe {

/// All numbers of a snapshot, as a scraper reads them.
std::string prometheus_text(const metrics_snapshot& numbers);

} // namespace troupe
