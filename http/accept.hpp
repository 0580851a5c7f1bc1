// What kind of answer a client would rather have.
#pragma once

#include <string_view>

#include "http/request.hpp"

namespace troupe::http {

/// How much the `Accept` fields of a request want a media type such as `text/plain`: 0 to 1, by the entry that names it
/// most closely. Parameters other than `q` are not looked at. Everything is wanted alike where there is no such field.
double wanted(const request& r, std::string_view type);

/// Whether `/metrics` is for a Prometheus scraper: it says so with `text/plain` or `application/openmetrics-text`.
/// Where JSON is wanted as much, as by `*/*`, it is not.
bool wants_prometheus(const request& r);

} // namespace troupe::http
