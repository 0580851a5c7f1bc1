// One chat stream of a real server, read to its end or cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include <boost/json.hpp>

#include "tests/support/http_client.hpp"

namespace troupe::test {

/// The body of stream number `i`. Every other one is sampled: draws depend on the seed and the position alone,
/// wherever they are made.
inline std::string body_of_stream(std::size_t i, std::size_t tokens) {
  namespace json = boost::json;
  json::object body{{"model", "default"}, {"stream", true}, {"max_tokens", tokens}, {"seed", i},
    {"temperature", i % 2 == 0 ? 0.0 : 1.0},
    {"messages", json::array{json::object{{"role", "user"}, {"content", "Tell me fact number " + std::to_string(i)}}}}};
  return json::serialize(body);
}

/// The text of a whole answer; throws `std::runtime_error` unless it is a stream that ended as a stream should.
inline std::string text_of_stream(const http_response& answer) {
  namespace json = boost::json;
  if (answer.status != 200)
    throw std::runtime_error("status " + std::to_string(answer.status) + ": " + answer.body);
  const auto events = event_data(answer.body);
  if (events.empty() || events.back() != "[DONE]")
    throw std::runtime_error("a stream without its end: " + answer.body);
  std::string text;
  std::size_t ends = 0;
  for (std::size_t e = 0; e + 1 < events.size(); ++e) {
    const auto choice = json::parse(events[e]).at("choices").at(0).as_object();
    const auto& delta = choice.at("delta").as_object();
    if (const auto* content = delta.if_contains("content"); content != nullptr && content->is_string())
      text += json::value_to<std::string>(*content);
    ends += choice.at("finish_reason").is_null() ? 0 : 1;
  }
  if (ends != 1)
    throw std::runtime_error(std::to_string(ends) + " ends in one stream");
  return text;
}

inline std::string streamed(std::uint16_t port, std::size_t i, std::size_t tokens) {
  return text_of_stream(
    request(port, "POST", "/v1/chat/completions", body_of_stream(i, tokens), {"Cache-Control: no-store"}));
}

} // namespace troupe::test
