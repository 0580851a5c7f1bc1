#include "actors/protocol/names.hpp"

namespace troupe {

std::string_view name(work_kind x) {
  switch (x) {
  case work_kind::generate:
    return "generate";
  case work_kind::embed:
    return "embed";
  case work_kind::score:
    return "score";
  }
  return "unknown";
}

std::string_view name(finish_reason x) {
  switch (x) {
  case finish_reason::none:
    return "none";
  case finish_reason::stop:
    return "stop";
  case finish_reason::length:
    return "length";
  }
  return "unknown";
}

std::string_view name(cache_state x) {
  switch (x) {
  case cache_state::miss:
    return "miss";
  case cache_state::hit:
    return "hit";
  case cache_state::coalesced:
    return "coalesced";
  case cache_state::bypass:
    return "bypass";
  }
  return "unknown";
}

std::string_view name(cache_policy x) {
  switch (x) {
  case cache_policy::use:
    return "use";
  case cache_policy::bypass:
    return "bypass";
  }
  return "unknown";
}

std::string_view name(prompt_form x) {
  switch (x) {
  case prompt_form::messages:
    return "messages";
  case prompt_form::text:
    return "text";
  case prompt_form::tokens:
    return "tokens";
  }
  return "unknown";
}

std::string_view name(detach_reason x) {
  switch (x) {
  case detach_reason::client_gone:
    return "client_gone";
  case detach_reason::slow_reader:
    return "slow_reader";
  case detach_reason::deadline:
    return "deadline";
  case detach_reason::shutdown:
    return "shutdown";
  }
  return "unknown";
}

std::string_view name(outcome x) {
  switch (x) {
  case outcome::finished:
    return "finished";
  case outcome::failed:
    return "failed";
  case outcome::cancelled:
    return "cancelled";
  }
  return "unknown";
}

std::string_view name(worker_state x) {
  switch (x) {
  case worker_state::loading:
    return "loading";
  case worker_state::ready:
    return "ready";
  case worker_state::draining:
    return "draining";
  case worker_state::failed:
    return "failed";
  case worker_state::unloaded:
    return "unloaded";
  case worker_state::restarting:
    return "restarting";
  }
  return "unknown";
}

std::string_view name(drill_kind x) {
  switch (x) {
  case drill_kind::throw_step:
    return "throw";
  case drill_kind::die:
    return "die";
  case drill_kind::hang:
    return "hang";
  }
  return "unknown";
}

std::string_view name(failure_code x) {
  switch (x) {
  case failure_code::invalid_request:
    return "invalid_request";
  case failure_code::context_length_exceeded:
    return "context_length_exceeded";
  case failure_code::model_not_found:
    return "model_not_found";
  case failure_code::rate_limited:
    return "rate_limited";
  case failure_code::queue_full:
    return "queue_full";
  case failure_code::draining:
    return "draining";
  case failure_code::no_worker:
    return "no_worker";
  case failure_code::deadline_exceeded:
    return "deadline_exceeded";
  case failure_code::slow_reader:
    return "slow_reader";
  case failure_code::internal_error:
    return "internal_error";
  }
  return "unknown";
}

std::string_view name(departure_reason x) {
  switch (x) {
  case departure_reason::finished:
    return "finished";
  case departure_reason::removed:
    return "removed";
  case departure_reason::failed:
    return "failed";
  case departure_reason::evicted:
    return "evicted";
  }
  return "unknown";
}

std::string prompt_field(const native_request& request) {
  if (request.kind == work_kind::embed)
    return "input";
  return request.form == prompt_form::messages ? "messages" : "prompt";
}

} // namespace troupe
