#include "bench/report.hpp"
#include "http/api/json_out.hpp"

namespace troupe::bench {

namespace {

using http::api::json_writer;

template <class T>
void field_or_null(json_writer& out, std::string_view name, const std::optional<T>& x) {
  out.key(name);
  if (x)
    out.value(*x);
  else
    out.null();
}

void times(json_writer& out, std::string_view name, const std::optional<distribution>& d) {
  out.key(name);
  if (!d) {
    out.null();
    return;
  }
  out.begin_object().field("average", d->average).field("median", d->median).field("p50", d->p50);
  out.field("p95", d->p95).field("p99", d->p99).field("min", d->min).field("max", d->max).end_object();
}

void failures(json_writer& out, const scenario_summary& s) {
  out.key("failures").begin_array();
  for (const auto& [reason, count] : s.failures)
    out.begin_object().field("reason", reason).field("count", count).end_object();
  out.end_array();
}

void scenario_report(json_writer& out, const scenario_summary& s) {
  out.begin_object().field("scenario", name(s.kind)).field("clients", s.clients).field("seconds", s.seconds);
  out.field("interrupted", s.interrupted).field("total_requests", s.total);
  out.field("successful_requests", s.successful).field("failed_requests", s.failed);
  times(out, "latency", s.latency);
  times(out, "time_to_first_token", s.first_token);
  field_or_null(out, "cache_hit_rate", s.cache_hit_rate);
  out.field("requests_per_second", s.requests_per_second);
  field_or_null(out, "completion_tokens", s.tokens);
  field_or_null(out, "tokens_per_second", s.tokens_per_second);
  out.field("meets_objective", s.meets_objective);
  failures(out, s);
  out.end_object();
}

} // namespace

std::string to_json(const plan& p, const std::vector<scenario_summary>& summaries) {
  std::string text;
  json_writer out{text};
  out.begin_object().field("url", p.url).field("api", name(p.api)).key("model").string_or_null(p.model);
  out.field("prompts", p.requests).field("warmup", p.warmup).field("max_tokens", p.max_tokens);
  out.field("ignore_eos", p.ignore_eos).field("seed", p.seed).field("timeout", p.timeout);
  out.field("objective", p.objective).field("passed", passed(summaries)).key("scenarios").begin_array();
  for (const scenario_summary& s : summaries)
    scenario_report(out, s);
  out.end_array().end_object();
  return text + '\n';
}

} // namespace troupe::bench
