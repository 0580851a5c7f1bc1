#include "http/api/errors.hpp"

#include "http/api/json_out.hpp"

namespace troupe::http::api {

namespace {

struct wire_form {
  int status;
  std::string_view code;
};

/// A deadline is a 504, not a 408: the client was quick enough, the server was not.
wire_form form_of(failure_code code) {
  switch (code) {
  case failure_code::invalid_request:
    return {400, ""};
  case failure_code::context_length_exceeded:
    return {400, "context_length_exceeded"};
  case failure_code::model_not_found:
    return {404, "model_not_found"};
  case failure_code::queue_full:
    return {429, "queue_full"};
  case failure_code::rate_limited:
    return {429, "rate_limit_exceeded"};
  case failure_code::draining:
    return {503, "draining"};
  case failure_code::no_worker:
    return {503, "no_worker"};
  case failure_code::deadline_exceeded:
    return {504, "deadline_exceeded"};
  case failure_code::slow_reader:
    return {503, "slow_reader"};
  case failure_code::internal_error:
    return {500, "internal_error"};
  }
  return {500, "internal_error"};
}

std::string_view type_of(int status) {
  if (status == 429)
    return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

} // namespace

void refuse(std::string param, std::string message, std::string code) {
  throw request_error{{400, std::move(message), std::move(param), std::move(code), {}}};
}

void refuse_model(std::string_view name) {
  throw request_error{
    {404, "the model '" + std::string{name} + "' is not served here; GET /v1/models lists those that are", "model",
      "model_not_found", {}}};
}

refusal to_refusal(const failure& reason) {
  const auto form = form_of(reason.code);
  return {form.status, reason.message, reason.param, std::string{form.code}, reason.retry_after};
}

std::string error_body(const refusal& reason) {
  std::string out;
  json_writer w{out};
  w.begin_object().key("error").begin_object();
  w.field("message", reason.message).field("type", type_of(reason.status));
  w.key("param").string_or_null(reason.param).key("code").string_or_null(reason.code);
  w.end_object().end_object();
  return out;
}

} // namespace troupe::http::api
