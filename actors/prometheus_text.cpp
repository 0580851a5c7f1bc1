#include "actors/prometheus_text.hpp"

#include <spdlog/fmt/fmt.h>

namespace troupe {

std::string prometheus_text(const metrics_snapshot& numbers) {
  return fmt::format("# TYPE troupe_requests_started_total counter\ntroupe_requests_started_total {}\n"
                     "# TYPE troupe_requests_live gauge\ntroupe_requests_live {}\n",
    numbers.started_requests, numbers.live_requests);
}

} // namespace troupe
