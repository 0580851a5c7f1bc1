// What operators see: health, metrics, models, the front page.
#pragma once

#include <optional>
#include <string>

#include "actors/protocol/types.hpp"
#include "http/options.hpp"

namespace troupe::http::api {

/// How the whole is. `ok`: every worker is ready. `degraded`: some are. `starting`: none is yet. `down`: none is.
enum class health : std::uint8_t { ok, degraded, starting, down, draining, unresponsive };

/// Nothing for `status` means that the company did not answer.
health judge(const std::optional<company_status>& status, bool draining);
bool can_serve(health h);

std::string health_body(
  health h, const std::optional<company_status>& status, const std::optional<metrics_snapshot>& metrics);
/// Whether the process should be left alone: it is `stalled` when no step has ended for longer than `limit` although
/// there is work. Nothing for `metrics` means that the company did not answer.
enum class liveness : std::uint8_t { alive, stalled, unresponsive };
liveness judge_live(const std::optional<metrics_snapshot>& metrics, timespan limit);
std::string live_body(liveness live, const std::optional<metrics_snapshot>& metrics);

/// `{"status": ...}`.
std::string status_body(std::string_view word);
std::string_view health_word(health h);

std::string metrics_body(const metrics_snapshot& metrics);
std::string models_body(const options& opts);
/// One model of `/v1/models/{id}`. Throws `request_error` (404).
std::string model_body(const options& opts, std::string_view name);
std::string cleared_body(std::uint64_t answers);
/// The page at `/`, HTML.
std::string front_page();

} // namespace troupe::http::api
