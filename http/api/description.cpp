#include "http/api/description.hpp"

namespace troupe::http::api {

/// Files of this folder, put into the program by cmake/embed.cmake.
namespace embedded {
extern const std::string_view openapi_json;
extern const std::string_view docs_html;
} // namespace embedded

std::string_view description() {
  return embedded::openapi_json;
}

std::string_view description_page() {
  return embedded::docs_html;
}

} // namespace troupe::http::api
