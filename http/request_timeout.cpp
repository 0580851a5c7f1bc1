#include "http/request_timeout.hpp"

#include <charconv>

#include "http/api/errors.hpp"

namespace troupe::http {

std::chrono::nanoseconds request_timeout(const request& from) {
  const auto text = from.field("x-request-timeout");
  if (text.empty())
    return {};
  using seconds = std::chrono::duration<double>;
  constexpr seconds most = longest_request_timeout;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !(value > 0 && value <= most.count()))
    api::refuse("X-Request-Timeout",
      "X-Request-Timeout must be a number of seconds above 0 and at most " +
        std::to_string(std::chrono::seconds{longest_request_timeout}.count()) + ", got '" + std::string{text} + "'");
  return std::chrono::ceil<std::chrono::nanoseconds>(seconds{value});
}

} // namespace troupe::http
