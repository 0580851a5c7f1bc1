#include "http/router.hpp"

#include <algorithm>
#include <array>

#include "http/head.hpp"

namespace troupe::http {

namespace {

struct entry {
  std::string_view path;
  /// The one method; HEAD goes with GET, OPTIONS with all.
  std::string_view method;
  endpoint to;
};

constexpr std::array<entry, 20> table{{
  {"/", "GET", endpoint::front_page},
  {"/openapi.json", "GET", endpoint::description},
  {"/docs", "GET", endpoint::description_page},
  {"/v1/chat/completions", "POST", endpoint::chat},
  {"/v1/completions", "POST", endpoint::completions},
  {"/v1/responses", "POST", endpoint::responses},
  {"/v1/embeddings", "POST", endpoint::embeddings},
  {"/v1/score", "POST", endpoint::score},
  {"/v1/models", "GET", endpoint::models},
  {"/api/v1/inference", "POST", endpoint::inference},
  {"/tokenize", "POST", endpoint::tokenize},
  {"/detokenize", "POST", endpoint::detokenize},
  {"/health", "GET", endpoint::health},
  {"/health/live", "GET", endpoint::live},
  {"/health/ready", "GET", endpoint::ready},
  {"/metrics", "GET", endpoint::metrics},
  {"/metrics/prometheus", "GET", endpoint::prometheus},
  {"/cache/clear", "POST", endpoint::clear_cache},
  {"/admin/drill", "POST", endpoint::drill},
  {"/admin/reload", "POST", endpoint::reload},
}};

constexpr std::string_view model_prefix = "/v1/models/";

std::variant<route, no_route> match(const entry& found, std::string_view method, std::string argument) {
  const std::string allow = found.method == "GET" ? "GET, HEAD, OPTIONS" : "POST, OPTIONS";
  if (method == "OPTIONS")
    return route{endpoint::options, {}, allow};
  if (method == found.method || (method == "HEAD" && found.method == "GET"))
    return route{found.to, std::move(argument), {}};
  return no_route{405, allow};
}

} // namespace

std::vector<known_route> known_routes() {
  std::vector<known_route> out{{"/v1/models/{model}", "GET"}};
  for (const auto& row : table)
    out.push_back({row.path, row.method});
  return out;
}

std::variant<route, no_route> find_route(std::string_view method, std::string_view path) {
  if (path == "*")
    return route{endpoint::options, {}, "GET, HEAD, POST, OPTIONS"};
  for (const auto& row : table)
    if (row.path == path)
      return match(row, method, {});
  if (path.starts_with(model_prefix) && path.size() > model_prefix.size())
    if (auto name = percent_decoded(path.substr(model_prefix.size())))
      return match({path, "GET", endpoint::model}, method, std::move(*name));
  return no_route{};
}

} // namespace troupe::http
