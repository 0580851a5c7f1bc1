#include "http/api/responses_events.hpp"

#include "http/api/json_value.hpp"
#include "http/sse.hpp"

namespace troupe::http::api {

namespace {

void write_usage_details(json_writer& w, const token_usage& usage) {
  w.begin_object().field("input_tokens", usage.prompt_tokens);
  w.key("input_tokens_details").begin_object().field("cached_tokens", 0).field("cache_write_tokens", 0).end_object();
  w.field("output_tokens", usage.completion_tokens);
  w.key("output_tokens_details").begin_object().field("reasoning_tokens", 0).end_object();
  w.field("total_tokens", std::uint64_t{usage.prompt_tokens} + usage.completion_tokens).end_object();
}

/// The codes that a failed response may have are OpenAI's own.
std::string_view code_of(int status) {
  if (status == 429)
    return "rate_limit_exceeded";
  return status >= 500 ? "server_error" : "invalid_prompt";
}

std::string_view status_of(finish_reason reason) {
  return reason == finish_reason::length ? "incomplete" : "completed";
}

std::string_view incomplete_of(finish_reason reason) {
  return reason == finish_reason::length ? "max_output_tokens" : "";
}

} // namespace

std::string responses_format::whole(const whole_answer& answer) {
  text_ = answer.choices.front().text;
  finish_ = answer.choices.front().finish;
  std::string out;
  json_writer w{out};
  response(w, {status_of(finish_), incomplete_of(finish_), nullptr, &answer.finished.usage, true});
  return out;
}

void responses_format::open(const answer_started&, std::string& out) {
  response_event("response.created", {"in_progress", {}, nullptr, nullptr, false}, out);
  response_event("response.in_progress", {"in_progress", {}, nullptr, nullptr, false}, out);
}

void responses_format::text(const answer_text& piece, std::string& out) {
  if (piece.finish != finish_reason::none)
    finish_ = piece.finish;
  if (piece.text.empty())
    return;
  open_item(out);
  text_ += piece.text;
  part_event("response.output_text.delta", out,
    [&](json_writer& w) { w.field("delta", piece.text).key("logprobs").begin_array().end_array(); });
}

void responses_format::close(const answer_started&, const answer_finished& end, std::string& out) {
  open_item(out);
  const auto status = status_of(finish_);
  close_item(status, out);
  const auto type = finish_ == finish_reason::length ? "response.incomplete" : "response.completed";
  response_event(type, {status, incomplete_of(finish_), nullptr, &end.usage, true}, out);
}

void responses_format::fail(const refusal& reason, std::string& out) {
  if (has_item_)
    close_item("incomplete", out);
  response_event("response.failed", {"failed", {}, &reason, nullptr, has_item_}, out);
}

void responses_format::response(json_writer& w, const standing& now) const {
  w.begin_object().field("id", "resp_" + style_.request_id).field("object", "response");
  w.field("created_at", style_.created).field("status", now.status).field("background", false);
  w.key("error");
  if (now.error == nullptr)
    w.null();
  else
    w.begin_object().field("code", code_of(now.error->status)).field("message", now.error->message).end_object();
  w.key("incomplete_details");
  if (now.incomplete.empty())
    w.null();
  else
    w.begin_object().field("reason", now.incomplete).end_object();
  w.key("output").begin_array();
  if (now.has_item)
    item(w, now.status == "completed" ? now.status : "incomplete", true);
  w.end_array();
  request_fields(w);
  w.key("usage");
  if (now.usage == nullptr)
    w.null();
  else
    write_usage_details(w, *now.usage);
  w.end_object();
}

/// What comes back as it was asked, or is what this server always does.
void responses_format::request_fields(json_writer& w) const {
  const auto text_or_null = [&](std::string_view name, const std::optional<std::string>& text) {
    w.key(name);
    if (text)
      w.value(*text);
    else
      w.null();
  };
  w.field("model", style_.model);
  text_or_null("instructions", style_.instructions);
  w.key("max_output_tokens");
  if (style_.max_output_tokens)
    w.value(*style_.max_output_tokens);
  else
    w.null();
  w.field("temperature", style_.temperature).field("top_p", style_.top_p);
  w.key("text").begin_object().key("format").begin_object().field("type", "text").end_object().end_object();
  w.key("tools").begin_array().end_array().field("tool_choice", "auto").field("parallel_tool_calls", true);
  w.field("truncation", "disabled").field("store", false).key("previous_response_id").null();
  text_or_null("user", style_.user);
  write_value(w.key("metadata"), style_.metadata);
}

void responses_format::item(json_writer& w, std::string_view status, bool has_part) const {
  w.begin_object().field("id", item_id()).field("type", "message").field("status", status).field("role", "assistant");
  w.key("content").begin_array();
  if (has_part)
    part(w);
  w.end_array().end_object();
}

void responses_format::part(json_writer& w) const {
  w.begin_object().field("type", "output_text").field("text", text_);
  w.key("annotations").begin_array().end_array().key("logprobs").begin_array().end_array().end_object();
}

void responses_format::open_item(std::string& out) {
  if (has_item_)
    return;
  has_item_ = true;
  event("response.output_item.added", out, [&](json_writer& w) {
    w.field("output_index", 0).key("item");
    item(w, "in_progress", false);
  });
  part_event("response.content_part.added", out, [&](json_writer& w) {
    w.key("part");
    part(w);
  });
}

void responses_format::close_item(std::string_view status, std::string& out) {
  part_event("response.output_text.done", out,
    [&](json_writer& w) { w.field("text", text_).key("logprobs").begin_array().end_array(); });
  part_event("response.content_part.done", out, [&](json_writer& w) {
    w.key("part");
    part(w);
  });
  event("response.output_item.done", out, [&](json_writer& w) {
    w.field("output_index", 0).key("item");
    item(w, status, true);
  });
}

template <class Write>
void responses_format::event(std::string_view type, std::string& out, Write write) {
  std::string data;
  json_writer w{data};
  w.begin_object().field("type", type).field("sequence_number", next_++);
  write(w);
  w.end_object();
  out += "event: ";
  out += type;
  out += '\n';
  append_event(out, data);
}

template <class Write>
void responses_format::part_event(std::string_view type, std::string& out, Write write) {
  event(type, out, [&](json_writer& w) {
    w.field("item_id", item_id()).field("output_index", 0).field("content_index", 0);
    write(w);
  });
}

void responses_format::response_event(std::string_view type, const standing& now, std::string& out) {
  event(type, out, [&](json_writer& w) {
    w.key("response");
    response(w, now);
  });
}

} // namespace troupe::http::api
