#include "http/api/messages.hpp"

#include <algorithm>
#include <array>

#include "http/api/errors.hpp"
#include "http/api/fields.hpp"
#include "http/api/tool_messages.hpp"

namespace troupe::http::api {

namespace json = boost::json;

namespace {

/// The items of a list of objects, each with a reader that knows its place.
template <class Read>
std::vector<chat_message> read_list(const json::value& list, const std::string& name, std::size_t most, Read read) {
  if (!list.is_array())
    refuse_type(name, "an array", list);
  const auto& items = list.get_array();
  if (items.size() > most)
    refuse(
      name, name + " must have at most " + std::to_string(most) + " messages, got " + std::to_string(items.size()));
  std::vector<chat_message> messages;
  messages.reserve(items.size());
  for (const auto& item : items) {
    const auto place = name + "[" + std::to_string(messages.size()) + "]";
    if (!item.is_object())
      refuse_type(place, "an object", item);
    field_reader fields{item.get_object(), place + "."};
    messages.push_back(read(fields));
    fields.finish();
  }
  return messages;
}

template <std::size_t N>
std::string read_role(field_reader& fields, const std::array<std::string_view, N>& roles) {
  const auto role = fields.string("role");
  const auto path = fields.path("role");
  if (!role)
    refuse(path, path + " is missing");
  if (std::find(roles.begin(), roles.end(), *role) != roles.end())
    return *role;
  std::string known;
  for (auto name : roles)
    known += (known.empty() ? "" : ", ") + std::string{name};
  refuse(path, path + " must be one of " + known + ", got '" + *role + "'");
}

std::string read_part(const json::value& part, const std::string& path) {
  if (!part.is_object())
    refuse_type(path, "an object", part);
  field_reader fields{part.get_object(), path + "."};
  const auto type = fields.string("type");
  if (!type)
    refuse(path + ".type", path + ".type is missing");
  if (*type != "text")
    refuse(path + ".type", path + ".type must be 'text', got '" + *type + "': other content is not supported",
      "unsupported_parameter");
  auto text = fields.string("text");
  if (!text)
    refuse(path + ".text", path + ".text is missing");
  fields.finish();
  return std::move(*text);
}

/// What an answer of ours carries may come back in the next request. Thoughts are not shown to the model again.
void read_answer_fields(field_reader& fields, chat_message& message) {
  fields.refuse_present({"refusal", "audio", "function_call"});
  fields.string("reasoning_content");
  const auto* annotations = fields.find("annotations");
  if (annotations != nullptr && !(annotations->is_array() && annotations->get_array().empty()))
    refuse_unsupported(fields.path("annotations"));
  message.tool_calls = read_tool_calls(fields);
}

} // namespace

std::string read_content(
  field_reader& fields, const std::function<std::string(const json::value& part, const std::string& path)>& read_part) {
  const auto* content = fields.find("content");
  const auto path = fields.path("content");
  if (content == nullptr)
    refuse(path, path + " is missing");
  if (content->is_string())
    return std::string{content->get_string()};
  if (!content->is_array() || content->get_array().empty())
    refuse_type(path, "a string or a list of text parts", *content);
  std::string text;
  std::size_t i = 0;
  for (const auto& part : content->get_array())
    text += read_part(part, path + "[" + std::to_string(i++) + "]");
  return text;
}

std::vector<chat_message> read_messages(const json::value& list, std::size_t most) {
  static constexpr std::array<std::string_view, 5> roles{"system", "developer", "user", "assistant", "tool"};
  auto messages = read_list(list, "messages", most, [](field_reader& fields) {
    chat_message m;
    m.role = read_role(fields, roles);
    if (m.role == "assistant")
      read_answer_fields(fields, m);
    if (m.role == "tool")
      m.tool_call_id = read_tool_call_id(fields);
    // An assistant that calls tools need not say anything.
    if (m.tool_calls.empty() || fields.find("content") != nullptr)
      m.content = read_content(fields, read_part);
    fields.refuse_present({"name"});
    if (m.role == "developer")
      m.role = "system";
    return m;
  });
  if (messages.empty())
    refuse("messages", "messages must have at least 1 message, got 0");
  return messages;
}

std::vector<chat_message> read_history(const json::value& list, std::size_t most) {
  static constexpr std::array<std::string_view, 3> roles{"user", "assistant", "system"};
  return read_list(list, "conversation_history", most, [](field_reader& fields) {
    chat_message m;
    m.role = read_role(fields, roles);
    auto content = fields.string("content");
    if (!content)
      refuse(fields.path("content"), fields.path("content") + " is missing");
    m.content = std::move(*content);
    return m;
  });
}

} // namespace troupe::http::api
