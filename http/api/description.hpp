// What this API is, told by itself.
#pragma once

#include <string_view>

namespace troupe::http::api {

/// `GET /openapi.json`: every endpoint with its fields, limits, answers and errors, OpenAPI 3.1. The same for all
/// servers of a version.
std::string_view description();

/// `GET /docs`: an HTML page that shows the description to people. It loads nothing but the description.
std::string_view description_page();

} // namespace troupe::http::api
