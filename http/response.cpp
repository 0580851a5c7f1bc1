#include "http/response.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace troupe::http {

namespace {

constexpr std::string_view rate_prefix = "x-ratelimit-";

std::string_view reason_phrase(int status) {
  switch (status) {
  case 200:
    return "OK";
  case 204:
    return "No Content";
  case 400:
    return "Bad Request";
  case 401:
    return "Unauthorized";
  case 403:
    return "Forbidden";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 408:
    return "Request Timeout";
  case 409:
    return "Conflict";
  case 413:
    return "Content Too Large";
  case 414:
    return "URI Too Long";
  case 415:
    return "Unsupported Media Type";
  case 417:
    return "Expectation Failed";
  case 429:
    return "Too Many Requests";
  case 431:
    return "Request Header Fields Too Large";
  case 500:
    return "Internal Server Error";
  case 501:
    return "Not Implemented";
  case 503:
    return "Service Unavailable";
  case 504:
    return "Gateway Timeout";
  case 505:
    return "HTTP Version Not Supported";
  default:
    return "Unknown";
  }
}

void add(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

std::string date_text(std::int64_t now) {
  const auto t = static_cast<std::time_t>(now);
  std::tm parts{};
  gmtime_r(&t, &parts);
  char text[40];
  const auto n = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text, n};
}

std::string seconds_text(std::chrono::nanoseconds t) {
  char text[40];
  const auto n = std::snprintf(text, sizeof text, "%.6f", seconds_of(t));
  return {text, static_cast<std::size_t>(n)};
}

/// `20ms`, `1s`, `6m0s`: rounded up, so that nobody comes too early.
std::string reset_text(timespan t) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(t).count();
  if (ms < 1000)
    return std::to_string(ms) + "ms";
  const auto seconds = (ms + 999) / 1000;
  return seconds < 60 ? std::to_string(seconds) + "s"
                      : std::to_string(seconds / 60) + "m" + std::to_string(seconds % 60) + "s";
}

void add_cors(
  std::string& out, const response& answer, std::string_view origin, const std::vector<std::string>& allowed) {
  if (std::find(allowed.begin(), allowed.end(), "*") != allowed.end()) {
    add(out, "Access-Control-Allow-Origin", "*");
  } else {
    add(out, "Vary", "Origin");
    if (std::find(allowed.begin(), allowed.end(), origin) == allowed.end())
      return;
    add(out, "Access-Control-Allow-Origin", origin);
  }
  std::string readable = "X-Request-Id, X-Process-Time, X-Cache, Retry-After";
  for (const auto& [name, value] : answer.fields)
    if (name.starts_with(rate_prefix))
      readable += ", " + name;
  add(out, "Access-Control-Expose-Headers", readable);
}

void add_framing(std::string& out, const response& answer, const head_context& context) {
  if (context.framing == answer_framing::length)
    add(out, "Content-Length", std::to_string(answer.body.size()));
  else if (context.framing == answer_framing::chunked)
    add(out, "Transfer-Encoding", "chunked");
  const bool keep = context.keep_alive && context.framing != answer_framing::close;
  if (!keep)
    add(out, "Connection", "close");
  else if (context.minor == 0)
    add(out, "Connection", "keep-alive");
}

} // namespace

response error_response(const api::refusal& reason) {
  response answer;
  answer.status = reason.status;
  answer.body = api::error_body(reason);
  answer.code = reason.code;
  if (reason.status == 401)
    answer.fields.emplace_back("WWW-Authenticate", "Bearer");
  if (reason.retry_after.count() > 0) {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(reason.retry_after);
    const auto seconds = std::max(std::chrono::ceil<std::chrono::seconds>(reason.retry_after), std::chrono::seconds{1});
    answer.fields.emplace_back("Retry-After", std::to_string(seconds.count()));
    answer.fields.emplace_back("retry-after-ms", std::to_string(ms.count()));
  } else if (reason.status == 429 || (reason.status == 503 && reason.code != "no_worker")) {
    // When a model comes back that nobody loads is not known.
    answer.fields.emplace_back("Retry-After", "1");
  }
  return answer;
}

void add_rate_fields(response& answer, const answer_admitted& left) {
  const auto add_one = [&](const std::string& what, std::uint32_t limit, std::uint32_t remaining, timespan reset) {
    if (limit == 0)
      return;
    const std::string prefix{rate_prefix};
    answer.fields.emplace_back(prefix + "limit-" + what, std::to_string(limit));
    answer.fields.emplace_back(prefix + "remaining-" + what, std::to_string(remaining));
    answer.fields.emplace_back(prefix + "reset-" + what, reset_text(reset));
  };
  add_one("requests", left.limit_requests, left.remaining_requests, left.reset_requests);
  add_one("tokens", left.limit_tokens, left.remaining_tokens, left.reset_tokens);
}

std::string head_text(const response& answer, const head_context& context, const options& opts) {
  std::string out;
  out.reserve(512);
  out.append("HTTP/1.1 ").append(std::to_string(answer.status)).append(" ");
  out.append(reason_phrase(answer.status)).append("\r\n");
  add(out, "Date", date_text(context.now));
  add(out, "X-Request-Id", context.request_id);
  add(out, "X-Process-Time", seconds_text(context.elapsed));
  if (context.framing != answer_framing::none)
    add(out, "Content-Type", answer.content_type);
  add_framing(out, answer, context);
  add_cors(out, answer, context.origin, opts.cors_origins);
  for (const auto& [name, value] : answer.fields)
    add(out, name, value);
  out.append("\r\n");
  return out;
}

void add_preflight_fields(response& answer, std::string_view methods) {
  answer.fields.emplace_back("Access-Control-Allow-Methods", methods);
  answer.fields.emplace_back("Access-Control-Allow-Headers",
    "Authorization, Content-Type, Accept, Cache-Control, X-Requested-With, OpenAI-Organization, OpenAI-Project, "
    "OpenAI-Beta, "
    "X-Stainless-Arch, X-Stainless-Async, X-Stainless-Lang, X-Stainless-OS, X-Stainless-Package-Version, "
    "X-Stainless-Retry-Count, X-Stainless-Runtime, X-Stainless-Runtime-Version, X-Stainless-Timeout");
  answer.fields.emplace_back("Access-Control-Max-Age", "600");
}

} // namespace troupe::http
