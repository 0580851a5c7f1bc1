// What the audit log is told of each request.
#include "actors/protocol/names.hpp"
#include "http/answer_group.hpp"
#include "http/session.hpp"

namespace troupe::http {

namespace {

/// What the wire calls whom a request is for. Adapters of equal content are told apart by nothing.
std::string shown_name(const options& opts, const native_request& request) {
  for (const auto& model : opts.models)
    if (model.base() == request.model && model.adapter == request.adapter)
      return model.name;
  return request.model;
}

} // namespace

void session::note_call(const native_request& request) {
  audit_.model = shown_name(context_.opts, request);
  if (context_.opts.audit_text) {
    audit_.request = request_.body;
    audit_.answer.emplace();
  }
}

void session::note_end(const answer_group& running) {
  audit_.started = running.started_event();
  audit_.finished = running.finished_event();
  if (const auto* failed = running.failed_event()) {
    audit_.result = failed->code == failure_code::slow_reader ? outcome::cancelled : outcome::failed;
    // Where the answer had begun there is no other word.
    if (audit_.code.empty())
      audit_.code = name(failed->code);
  } else if (!audit_.finished) {
    audit_.result = outcome::cancelled;
    audit_.code = name(end_reason());
  }
}

void session::end_audit(bool read) {
  const bool open = access_to(route_, request_.method, context_.opts) == access::open && audit_.status < 400;
  if (!read || !context_.outside.audit || open)
    return;
  audit_.request_id = request_id_;
  audit_.time = context_.outside.now();
  audit_.method = request_.method;
  audit_.path = request_.path;
  audit_.client = caller_.key != nullptr ? caller_.key->name : peer_;
  audit_.tenant = caller_.key != nullptr ? caller_.key->tenant : std::string{};
  audit_.latency = std::chrono::steady_clock::now() - head_time_;
  context_.outside.audit(audit_line(audit_));
}

} // namespace troupe::http
