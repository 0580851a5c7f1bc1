#include "http/api/operators.hpp"

#include <algorithm>
#include <chrono>

#include "actors/protocol/names.hpp"
#include "http/api/errors.hpp"
#include "http/api/json_out.hpp"
#include "http/api/sampling.hpp"

namespace troupe::http::api {

namespace {

void write_worker(json_writer& w, const worker_status& x) {
  w.begin_object().field("id", x.worker).field("device", x.device).field("model", x.model).field("dtype", x.dtype);
  w.field("state", name(x.state)).field("reason", x.reason).field("since_seconds", seconds_of(x.since));
  w.field("restarts", x.restarts).end_object();
}

void write_distribution(json_writer& w, std::string_view key, const distribution& x) {
  w.key(key).begin_object().field("count", x.count).field("mean", x.mean).field("min", x.min).field("max", x.max);
  w.field("p50", x.p50).field("p95", x.p95).field("p99", x.p99).end_object();
}

double share(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

void write_worker_metrics(json_writer& w, const worker_metrics& x) {
  w.begin_object().field("id", x.worker).field("device", x.device);
  w.field("resident_sequences", x.resident).field("slots", x.slots);
  w.field("kv_blocks_used", x.blocks_used).field("kv_blocks", x.blocks).field("kv_use", share(x.blocks_used, x.blocks));
  w.field("steps", x.steps);
  write_distribution(w, "step_time", x.step_time);
  w.field("rows_per_step", x.mean_rows).field("batch_occupancy", share(x.mean_rows, x.slots));
  w.field("prefill_tokens", x.prefill_tokens).field("decode_tokens", x.decode_tokens).field("evicted", x.evicted);
  w.field("prefix_query_tokens", x.prefix_query_tokens).field("prefix_hit_tokens", x.prefix_hit_tokens);
  w.field("state", name(x.state)).field("restarts", x.restarts).end_object();
}

void write_counts(json_writer& w, std::string_view key, const std::vector<count_by_name>& counts) {
  w.key(key).begin_object();
  for (const auto& x : counts)
    w.field(x.name, x.count);
  w.end_object();
}

void write_cache(json_writer& w, const metrics_snapshot& m) {
  w.key("cache").begin_object().field("entries", m.cache.entries).field("bytes", m.cache.bytes);
  w.field("evictions", m.cache.evictions).field("hits", m.cache_hits).field("misses", m.cache_misses);
  w.field("coalesced", m.cache_coalesced).field("bypasses", m.cache_bypasses).end_object();
}

void write_model(json_writer& w, const served_model& model) {
  w.begin_object().field("id", model.name).field("object", "model").field("created", model.created);
  w.field("owned_by", "troupe").field("context_length", model.context).key("aliases").begin_array();
  for (const auto& alias : model.aliases)
    w.value(alias);
  w.end_array();
  if (!model.parent.empty())
    w.field("parent", model.parent);
  w.end_object();
}

} // namespace

health judge(const std::optional<company_status>& status, bool draining) {
  if (draining)
    return health::draining;
  if (!status)
    return health::unresponsive;
  const auto count = [&](worker_state state) {
    return std::count_if(
      status->workers.begin(), status->workers.end(), [state](const worker_status& x) { return x.state == state; });
  };
  // A model that is not loaded can serve: it is loaded when somebody asks.
  const auto ready = count(worker_state::ready) + count(worker_state::unloaded);
  if (ready > 0)
    return static_cast<std::size_t>(ready) == status->workers.size() ? health::ok : health::degraded;
  return count(worker_state::loading) > 0 ? health::starting : health::down;
}

bool can_serve(health h) {
  return h == health::ok || h == health::degraded;
}

std::string_view health_word(health h) {
  switch (h) {
  case health::ok:
    return "ok";
  case health::degraded:
    return "degraded";
  case health::starting:
    return "starting";
  case health::down:
    return "down";
  case health::draining:
    return "draining";
  case health::unresponsive:
    return "unresponsive";
  }
  return "unresponsive";
}

std::string health_body(
  health h, const std::optional<company_status>& status, const std::optional<metrics_snapshot>& metrics) {
  std::string out;
  json_writer w{out};
  w.begin_object().field("status", health_word(h)).field("meets_sla", metrics ? metrics->meets_sla : false);
  w.key("workers").begin_array();
  if (status)
    for (const auto& x : status->workers)
      write_worker(w, x);
  w.end_array();
  if (status && status->abandoned > 0)
    w.field("abandoned", status->abandoned);
  w.end_object();
  return out;
}

liveness judge_live(const std::optional<metrics_snapshot>& metrics, timespan limit) {
  if (!metrics)
    return liveness::unresponsive;
  return metrics->stalled > limit ? liveness::stalled : liveness::alive;
}

std::string live_body(liveness live, const std::optional<metrics_snapshot>& metrics) {
  if (live != liveness::stalled || !metrics)
    return status_body(live == liveness::alive ? "alive" : "unresponsive");
  std::string out;
  json_writer w{out};
  w.begin_object().field("status", "stalled").field("stalled_seconds", seconds_of(metrics->stalled)).end_object();
  return out;
}

std::string status_body(std::string_view word) {
  std::string out;
  json_writer{out}.begin_object().field("status", word).end_object();
  return out;
}

std::string metrics_body(const metrics_snapshot& m) {
  std::string out;
  json_writer w{out};
  w.begin_object().field("uptime_seconds", seconds_of(m.uptime));
  w.field("started_requests", m.started_requests).field("live_requests", m.live_requests);
  w.field("total_requests", m.total_requests).field("successful_requests", m.successful_requests);
  w.field("failed_requests", m.failed_requests).field("cancelled_requests", m.cancelled_requests);
  write_counts(w, "failures", m.failures);
  write_counts(w, "cancellations", m.cancellations);
  w.field("requests_running", m.requests_running).field("requests_waiting", m.requests_waiting);
  w.field("cache_hit_rate", m.cache_hit_rate).field("meets_sla", m.meets_sla);
  write_distribution(w, "latency", m.latency);
  write_distribution(w, "time_to_first_token", m.time_to_first_token);
  write_distribution(w, "queue_time", m.queue_time);
  w.field("prompt_tokens", m.prompt_tokens).field("completion_tokens", m.completion_tokens);
  w.field("tokens_per_second", m.tokens_per_second);
  w.field("stalled_seconds", seconds_of(m.stalled));
  write_cache(w, m);
  w.key("objective").begin_object().field("percentile", 95).field("seconds", m.objective_seconds);
  w.field("window_seconds", m.objective_window_seconds).field("meets_sla", m.meets_sla).end_object();
  w.key("workers").begin_array();
  for (const auto& x : m.workers)
    write_worker_metrics(w, x);
  w.end_array().end_object();
  return out;
}

std::string models_body(const options& opts) {
  std::string out;
  json_writer w{out};
  w.begin_object().field("object", "list").key("data").begin_array();
  for (const auto& model : opts.models)
    write_model(w, model);
  w.end_array().end_object();
  return out;
}

std::string model_body(const options& opts, std::string_view name) {
  std::string out;
  json_writer w{out};
  write_model(w, find_model(opts, name));
  return out;
}

std::string cleared_body(std::uint64_t answers) {
  std::string out;
  json_writer{out}.begin_object().field("status", "cleared").field("removed", answers).end_object();
  return out;
}

std::string front_page() {
  return R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Troupe</title>
<h1>Troupe</h1>
<p>A company of actors that serves language models.</p>
<ul>
<li><a href="/docs">/docs</a>: every endpoint and field; <a href="/openapi.json">/openapi.json</a>: the same for tools</li>
<li><a href="/v1/models">/v1/models</a>: what is served</li>
<li>POST /v1/chat/completions, /v1/completions, /v1/responses: OpenAI's API</li>
<li>POST /api/v1/inference: one input, with a history</li>
<li><a href="/health">/health</a>, <a href="/health/live">/health/live</a>, <a href="/health/ready">/health/ready</a></li>
<li><a href="/metrics">/metrics</a>: what it does; <a href="/metrics/prometheus">/metrics/prometheus</a>: for scrapers</li>
<li>POST /cache/clear: forget finished answers</li>
</ul>
</html>
)";
}

} // namespace troupe::http::api
