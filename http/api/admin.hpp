// Operators' orders: drills and reloads.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "actors/protocol/types.hpp"
#include "http/api/errors.hpp"

namespace troupe::http::api {

struct drill_order {
  worker_id worker = 0;
  drill_kind what = drill_kind::throw_step;
};

/// Reads the body of `/admin/drill`. Throws `request_error`.
drill_order read_drill(std::string_view body, std::size_t max_depth);

/// A reload says nothing: no body, or an empty object. Throws `request_error`.
void read_reload(std::string_view body, std::size_t max_depth);

/// Why an order was not carried out, as an answer; nothing when it was.
std::optional<refusal> refusal_of(const order_result& result);
std::optional<refusal> refusal_of(const reload_result& result);

/// `{"status": "reloaded", ...}`.
std::string reload_body(const reload_result& result);

} // namespace troupe::http::api
