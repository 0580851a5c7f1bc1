// The words that logs, metrics and the wire use for the protocol's enums.
#pragma once

#include <string>
#include <string_view>

#include "actors/protocol/types.hpp"

namespace troupe {

/// The enumerator as logs and the wire write it; `unknown` for a value outside the enum.
std::string_view name(work_kind x);
std::string_view name(finish_reason x);
std::string_view name(cache_state x);
std::string_view name(cache_policy x);
std::string_view name(prompt_form x);
std::string_view name(detach_reason x);
std::string_view name(outcome x);
std::string_view name(worker_state x);
std::string_view name(drill_kind x);
std::string_view name(failure_code x);
std::string_view name(departure_reason x);

/// The field that a request's prompt stands in on the wire.
std::string prompt_field(const native_request& request);

} // namespace troupe
