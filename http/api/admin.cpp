#include "http/api/admin.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "actors/protocol/names.hpp"
#include "http/api/fields.hpp"
#include "http/api/json_in.hpp"
#include "http/api/json_out.hpp"

namespace troupe::http::api {

namespace {

drill_kind read_kind(field_reader& fields) {
  constexpr std::array kinds{drill_kind::throw_step, drill_kind::die, drill_kind::hang};
  const auto word = fields.string("what");
  if (!word)
    refuse("what", "what is missing");
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](drill_kind x) { return name(x) == *word; });
  if (found == kinds.end())
    refuse("what", "what must be one of throw, die and hang, got '" + *word + "'");
  return *found;
}

int status_of(order_refusal refusal) {
  switch (refusal) {
  case order_refusal::drills_off:
    return 403;
  case order_refusal::no_such_worker:
    return 400;
  case order_refusal::not_ready:
    return 409;
  case order_refusal::none:
    break;
  }
  return 500;
}

void write_ids(json_writer& w, std::string_view key, const std::vector<worker_id>& ids) {
  w.key(key).begin_array();
  for (const auto id : ids)
    w.value(id);
  w.end_array();
}

} // namespace

drill_order read_drill(std::string_view body, std::size_t max_depth) {
  const auto object = parse_object(body, max_depth);
  field_reader fields{object};
  const auto worker = fields.integer("worker", 0, std::numeric_limits<worker_id>::max());
  if (!worker)
    refuse("worker", "worker is missing; GET /health lists the workers with their ids");
  const auto what = read_kind(fields);
  fields.finish();
  return {static_cast<worker_id>(*worker), what};
}

void read_reload(std::string_view body, std::size_t max_depth) {
  if (!body.empty()) {
    const auto object = parse_object(body, max_depth);
    field_reader{object}.finish();
  }
}

std::optional<refusal> refusal_of(const order_result& result) {
  if (result.done)
    return std::nullopt;
  const bool unknown = result.refusal == order_refusal::no_such_worker;
  const std::string code = result.refusal == order_refusal::drills_off ? "drills_off" : "";
  return refusal{status_of(result.refusal), result.reason, unknown ? "worker" : "", code, {}};
}

std::optional<refusal> refusal_of(const reload_result& result) {
  if (result.done)
    return std::nullopt;
  return refusal{400, result.reason, {}, "invalid_config", {}};
}

std::string reload_body(const reload_result& result) {
  std::string out;
  json_writer w{out};
  w.begin_object().field("status", "reloaded").field("kept", result.kept);
  write_ids(w, "started", result.started);
  write_ids(w, "draining", result.draining);
  w.end_object();
  return out;
}

} // namespace troupe::http::api
