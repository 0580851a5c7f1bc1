#include "actors/protocol/errors.hpp"

namespace troupe {

std::string to_string(company_error code) {
  switch (code) {
  case company_error::none:
    return "none";
  case company_error::draining:
    return "draining";
  case company_error::worker_load_failed:
    return "worker_load_failed";
  case company_error::worker_step_failed:
    return "worker_step_failed";
  case company_error::broken_invariant:
    return "broken_invariant";
  }
  return "unknown";
}

} // namespace troupe
