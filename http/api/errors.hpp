// What a refused request is told, in the shape that OpenAI's clients read.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "actors/protocol/types.hpp"

namespace troupe::http::api {

/// An answer that is no answer. Empty `code` and `param` are null on the wire.
struct refusal {
  int status = 400;
  std::string message;
  /// The request's field at fault.
  std::string param;
  std::string code;
  /// When to come back; zero when that is not known.
  timespan retry_after{0};
};

/// Thrown while a request is read. Ends in `refusal`'s answer.
class request_error : public std::exception {
public:
  explicit request_error(refusal reason) : reason_(std::move(reason)) {}
  const refusal& reason() const { return reason_; }
  const char* what() const noexcept override { return reason_.message.c_str(); }

private:
  refusal reason_;
};

/// Refuses a request with a 400 that names a field.
[[noreturn]] void refuse(std::string param, std::string message, std::string code = {});

/// Refuses a model that is not served.
[[noreturn]] void refuse_model(std::string_view name);

/// How a failure of the company looks from outside.
refusal to_refusal(const failure& reason);

/// `{"error": {...}}`, as a body and as the data of a stream's event.
std::string error_body(const refusal& reason);

} // namespace troupe::http::api
