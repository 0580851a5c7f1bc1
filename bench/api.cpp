#include "bench/api.hpp"

#include <algorithm>

#include <boost/json.hpp>

namespace troupe::bench {

namespace json = boost::json;

namespace {

/// Bytes of a server's message that a report shows.
constexpr std::size_t shown_bytes = 160;

/// A server's text as one short line.
std::string one_line(std::string_view text) {
  std::string out;
  for (const unsigned char c : text.substr(0, shown_bytes))
    out += c < 0x20 || c == 0x7F ? ' ' : static_cast<char>(c);
  // A character that the cut has split would not be UTF-8 any more.
  if (text.size() > shown_bytes) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80)
      out.pop_back();
    if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0x80)
      out.pop_back();
    out += "...";
  }
  return out;
}

/// The same for bytes of which nobody knows whether they are UTF-8.
std::string ascii_line(std::string_view text) {
  std::string out = one_line(text);
  std::replace_if(
    out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return out;
}

json::object parse_object(std::string_view text) {
  json::error_code error;
  json::value value = json::parse(json::string_view{text.data(), text.size()}, error);
  if (error || !value.is_object())
    throw answer_error{"the answer is no JSON object: " + ascii_line(text)};
  return std::move(value.get_object());
}

template <class T>
std::optional<T> number(const json::object& object, json::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_number())
    return std::nullopt;
  json::error_code error;
  const T out = value->to_number<T>(error);
  return error ? std::nullopt : std::optional{out};
}

const json::object* object_at(const json::object& object, json::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

/// The message of an error body: OpenAI's `error.message`, or what other servers write.
std::string message_in(const json::object& body) {
  const json::value* error = body.if_contains("error");
  for (const json::value* value : {error, body.if_contains("detail"), body.if_contains("message")}) {
    if (value == nullptr)
      continue;
    if (const json::object* inner = value->if_object(); inner != nullptr && inner->if_contains("message") != nullptr)
      value = inner->if_contains("message");
    const json::string* text = value->if_string();
    return one_line(text != nullptr ? std::string_view{text->data(), text->size()} : json::serialize(*value));
  }
  return "";
}

json::object inference_body(const plan& p, const question& q) {
  return {{"user_input", json::string_view{q.prompt}}, {"use_cache", q.use_cache}, {"max_tokens", p.max_tokens}};
}

json::object chat_body(const plan& p, const question& q) {
  return {{"model", "default"},
    {"messages", json::array{json::object{{"role", "user"}, {"content", json::string_view{q.prompt}}}}},
    {"max_tokens", p.max_tokens},
    // Greedy answers are the only ones that a server may keep.
    {"temperature", 0}, {"stream", true}, {"stream_options", json::object{{"include_usage", true}}}};
}

bool has_text(const json::object& chunk) {
  const json::value* choices = chunk.if_contains("choices");
  if (choices == nullptr || !choices->is_array())
    return false;
  for (const json::value& choice : choices->get_array()) {
    const json::object* object = choice.if_object();
    const json::object* delta = object == nullptr ? nullptr : object_at(*object, "delta");
    const json::value* content = delta == nullptr ? nullptr : delta->if_contains("content");
    if (content != nullptr && content->is_string() && !content->get_string().empty())
      return true;
  }
  return false;
}

} // namespace

call make_call(const plan& p, const question& q) {
  const bool own = p.api == api_kind::own;
  json::object body = own ? inference_body(p, q) : chat_body(p, q);
  if (p.ignore_eos)
    body["ignore_eos"] = true;
  if (!p.model.empty())
    body["model"] = json::string_view{p.model};
  return {p.server.prefix + (own ? "/api/v1/inference" : "/v1/chat/completions"), json::serialize(body), !q.use_cache,
    p.api_key.empty() ? "" : "Bearer " + p.api_key};
}

void read_inference_answer(std::string_view body, sample& out) {
  const json::object answer = parse_object(body);
  const json::value* response = answer.if_contains("response");
  if (response == nullptr || !response->is_string())
    throw answer_error{"the answer has no \"response\": " + one_line(body)};
  const json::object* metadata = object_at(answer, "metadata");
  if (metadata == nullptr)
    return;
  out.tokens = number<std::int64_t>(*metadata, "completion_tokens");
  out.first_token = number<double>(*metadata, "time_to_first_token");
  if (const json::value* hit = metadata->if_contains("cache_hit"); hit != nullptr && hit->is_bool())
    out.cache_hit = hit->get_bool();
}

std::string describe_error(unsigned status, std::string_view body) {
  std::string text = "HTTP " + std::to_string(status);
  json::error_code error;
  const json::value value = json::parse(json::string_view{body.data(), body.size()}, error);
  const std::string message = !error && value.is_object() ? message_in(value.get_object()) : ascii_line(body);
  return message.empty() ? text : text + ": " + message;
}

void stream_reader::feed(std::string_view bytes, double seconds) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    line_.append(bytes.substr(0, end));
    if (end == std::string_view::npos)
      return;
    bytes.remove_prefix(end + 1);
    if (line_.ends_with('\r'))
      line_.pop_back();
    take_line(line_, seconds);
    line_.clear();
  }
}

void stream_reader::take_line(std::string_view line, double seconds) {
  if (line.empty()) {
    if (!event_.empty())
      take_event(event_, seconds);
    event_.clear();
  } else if (line.starts_with("data:")) {
    line.remove_prefix(line.starts_with("data: ") ? 6 : 5);
    if (!event_.empty())
      event_ += '\n';
    event_ += line;
  }
}

void stream_reader::take_event(std::string_view event, double seconds) {
  if (event == "[DONE]") {
    done_ = true;
    return;
  }
  const json::object chunk = parse_object(event);
  if (const json::value* error = chunk.if_contains("error"); error != nullptr && !error->is_null())
    throw answer_error{"error in the stream: " + message_in(chunk)};
  if (!first_token_ && has_text(chunk))
    first_token_ = seconds;
  if (const json::object* usage = object_at(chunk, "usage"); usage != nullptr)
    tokens_ = number<std::int64_t>(*usage, "completion_tokens");
}

void stream_reader::finish(sample& out) const {
  if (!done_)
    throw answer_error{"the stream ended without [DONE]"};
  out.first_token = first_token_;
  out.tokens = tokens_;
}

} // namespace troupe::bench
