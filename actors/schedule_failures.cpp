#include "actors/schedule_failures.hpp"

#include <algorithm>

namespace troupe {

sequence_failed too_long(const placement_request& work, const std::vector<candidate>& candidates) {
  std::size_t largest = 0;
  for (const auto& [worker, cached] : candidates)
    largest = std::max(
      largest, std::min<std::size_t>(worker->size.context, std::size_t{worker->size.blocks} * worker->size.block_size));
  sequence_failed failed{work.key, 0, {}};
  failed.reason.code = failure_code::context_length_exceeded;
  failed.reason.message = "the sequence has " + std::to_string(work.tokens.size()) +
    " tokens and needs room for one more; the largest worker of model '" + work.model + "' holds " +
    std::to_string(largest);
  return failed;
}

sequence_failed no_tokens(const placement_request& work) {
  sequence_failed failed{work.key, 0, {}};
  failed.reason.code = failure_code::invalid_request;
  failed.reason.message = "a prompt must have at least 1 token, got 0";
  return failed;
}

sequence_failed no_worker(const sequence_key& key, const model_lost& lost) {
  sequence_failed failed{key, 0, {}};
  failed.reason.code = failure_code::no_worker;
  failed.reason.message = "no worker holds the model '" + lost.model + "': " + lost.reason;
  failed.reason.retry_after = lost.retry_after;
  return failed;
}

sequence_failed too_many_strikes(const sequence_key& key, epoch_id epoch, std::uint32_t strikes) {
  sequence_failed failed{key, epoch, {}};
  failed.reason.code = failure_code::internal_error;
  failed.reason.message =
    "the request was ended because " + std::to_string(strikes) + " workers in a row failed while they ran it";
  return failed;
}

} // namespace troupe
