// Which endpoint a request is for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe::http {

enum class endpoint : std::uint8_t {
  front_page,
  description,
  description_page,
  chat,
  completions,
  responses,
  inference,
  embeddings,
  score,
  tokenize,
  detokenize,
  models,
  model,
  health,
  live,
  ready,
  metrics,
  prometheus,
  clear_cache,
  drill,
  reload,
  options,
};

/// Where a request goes.
struct route {
  endpoint to = endpoint::front_page;
  /// The rest of a path that names something, percent-decoded: a model.
  std::string argument;
  /// For `OPTIONS`, the methods of that path: `GET, HEAD, OPTIONS`.
  std::string methods;
};

/// Where it does not: 404, or 405 with the methods that are there.
struct no_route {
  int status = 404;
  std::string allow;
};

/// A path that something answers, with its one method beside HEAD and OPTIONS. `{model}` stands for any name.
struct known_route {
  std::string_view path;
  std::string_view method;
};
std::vector<known_route> known_routes();

std::variant<route, no_route> find_route(std::string_view method, std::string_view path);

} // namespace troupe::http
