#include "http/audit.hpp"

#include "actors/protocol/names.hpp"
#include "http/api/json_out.hpp"

namespace troupe::http {

namespace {

double seconds(timespan t) {
  return seconds_of(std::chrono::round<std::chrono::microseconds>(t));
}

} // namespace

std::string audit_line(const audit_entry& entry) {
  std::string out;
  api::json_writer w{out};
  w.begin_object().field("time", entry.time).field("id", entry.request_id);
  w.field("method", entry.method).field("endpoint", entry.path).field("client", entry.client);
  w.key("tenant").string_or_null(entry.tenant).key("model").string_or_null(entry.model);
  w.field("status", entry.status).field("outcome", name(entry.result)).key("code").string_or_null(entry.code);
  if (entry.started)
    w.field("cache", name(entry.started->cache));
  if (entry.finished) {
    w.field("prompt_tokens", entry.finished->usage.prompt_tokens);
    w.field("completion_tokens", entry.finished->usage.completion_tokens);
    w.field("time_to_first_token", seconds(entry.finished->time_to_first_token));
  }
  w.field("latency", seconds(entry.latency));
  if (entry.request)
    w.field("request", *entry.request);
  if (entry.answer)
    w.field("answer", *entry.answer);
  w.end_object();
  return out;
}

} // namespace troupe::http
