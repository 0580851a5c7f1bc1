// How long a client gives its request.
#pragma once

#include <chrono>

#include "http/request.hpp"

namespace troupe::http {

/// Longest time that `X-Request-Timeout` may give.
inline constexpr std::chrono::hours longest_request_timeout{24};

/// What `X-Request-Timeout` says, in seconds; zero where it is not sent. Throws `api::request_error` for what is no
/// number above 0, or more than a day.
std::chrono::nanoseconds request_timeout(const request& from);

} // namespace troupe::http
