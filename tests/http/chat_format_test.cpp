// Chat answers with thoughts, calls and several choices.
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <bit>
#include <map>

#include "http/api/answer_format.hpp"

using namespace troupe;
using namespace troupe::http::api;
namespace json = boost::json;

namespace {

answer_style calling_style() {
  answer_style s;
  s.request_id = "abc";
  s.model = "small";
  s.chat.tools = {"add", "sub"};
  s.chat.format = tool_format::hermes;
  return s;
}

constexpr std::string_view two_calls =
  "Well.\n<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1}}\n</tool_call>\n"
  "<tool_call>\n{\"name\": \"sub\", \"arguments\": {}}\n</tool_call>";

whole_answer answer(std::string_view text, finish_reason finish = finish_reason::stop) {
  whole_answer a;
  a.choices = {{std::string{text}, {}, finish}};
  return a;
}

std::vector<json::value> chunks(answer_format& format, const std::vector<answer_text>& events) {
  std::string out;
  format.open({}, out);
  for (const auto& event : events)
    format.text(event, out);
  format.close({}, {}, out);
  std::vector<json::value> all;
  for (std::size_t at = 0; (at = out.find("data: {", at)) != std::string::npos; ++at)
    all.push_back(json::parse(out.substr(at + 6, out.find('\n', at) - at - 6)));
  return all;
}

} // namespace

TEST_CASE("calls in a whole answer are told apart from its content") {
  const auto body = json::parse(make_format(calling_style())->whole(answer(two_calls)));
  const auto& choice = body.at("choices").at(0);
  const auto& message = choice.at("message");
  CHECK(message.at("content") == "Well.\n");
  REQUIRE(message.at("tool_calls").as_array().size() == 2);
  CHECK(message.at("tool_calls").at(0).at("function").at("name") == "add");
  CHECK(json::parse(message.at("tool_calls").at(0).at("function").at("arguments").as_string()).at("a") == 1);
  CHECK(message.at("tool_calls").at(0).at("id") != message.at("tool_calls").at(1).at("id"));
  CHECK(choice.at("finish_reason") == "tool_calls");
}

TEST_CASE("a client that wants no parallel calls is told of the first one only") {
  auto style = calling_style();
  style.chat.parallel_calls = false;
  const auto body = json::parse(make_format(style)->whole(answer(two_calls)));
  CHECK(body.at("choices").at(0).at("message").at("tool_calls").as_array().size() == 1);
}

TEST_CASE("an answer that is cut inside a call says length") {
  const auto body =
    json::parse(make_format(calling_style())->whole(answer(two_calls.substr(0, 50), finish_reason::length)));
  CHECK(body.at("choices").at(0).at("finish_reason") == "length");
}

TEST_CASE("a streamed call joins to the same call, wherever its text was cut") {
  const auto whole = json::parse(make_format(calling_style())->whole(answer(two_calls)));
  for (std::size_t cut = 0; cut <= two_calls.size(); ++cut) {
    const auto format = make_format(calling_style());
    const auto all = chunks(*format,
      {{0, 0, std::string{two_calls.substr(0, cut)}, {}, finish_reason::none},
        {0, 0, std::string{two_calls.substr(cut)}, {}, finish_reason::stop}});
    std::string content;
    std::vector<std::string> arguments;
    std::size_t finishes = 0;
    for (const auto& chunk : all) {
      const auto& choice = chunk.at("choices").at(0);
      const auto& delta = choice.at("delta").as_object();
      if (const auto* text = delta.if_contains("content"))
        content += text->as_string();
      if (const auto* calls = delta.if_contains("tool_calls")) {
        const auto& call = calls->at(0);
        const auto index = call.at("index").to_number<std::size_t>();
        if (call.as_object().contains("id"))
          arguments.emplace_back();
        REQUIRE(arguments.size() == index + 1);
        arguments.back() += call.at("function").at("arguments").as_string();
      }
      finishes += choice.at("finish_reason").is_null() ? 0 : 1;
    }
    INFO(cut);
    CHECK(finishes == 1);
    CHECK(all.back().at("choices").at(0).at("finish_reason") == "tool_calls");
    CHECK(content == "Well.\n");
    REQUIRE(arguments.size() == 2);
    CHECK(arguments[0] ==
      whole.at("choices").at(0).at("message").at("tool_calls").at(0).at("function").at("arguments").as_string());
  }
}

TEST_CASE("thoughts are told apart from the answer") {
  answer_style style;
  style.chat.thinks = true;
  const auto body = json::parse(make_format(style)->whole(answer("<think>\nhm\n</think>\n\nYes.")));
  const auto& message = body.at("choices").at(0).at("message");
  CHECK(message.at("content") == "Yes.");
  CHECK(message.at("reasoning_content").as_string().find("hm") != json::string::npos);
  CHECK(body.at("choices").at(0).at("finish_reason") == "stop");
}

TEST_CASE("several choices stream side by side, each with a role and one finish reason") {
  answer_style style;
  style.choices = 2;
  const auto format = make_format(style);
  const auto all = chunks(*format,
    {{0, 1, "b", {}, finish_reason::none}, {0, 0, "a", {}, finish_reason::length},
      {0, 1, "c", {}, finish_reason::stop}});
  std::map<std::int64_t, std::string> texts;
  std::map<std::int64_t, int> roles;
  std::map<std::int64_t, std::string> finishes;
  for (const auto& chunk : all) {
    const auto& choice = chunk.at("choices").at(0);
    const auto index = choice.at("index").as_int64();
    const auto& delta = choice.at("delta").as_object();
    roles[index] += delta.contains("role") ? 1 : 0;
    if (const auto* text = delta.if_contains("content"))
      texts[index] += text->as_string();
    if (choice.at("finish_reason").is_string())
      finishes[index] += choice.at("finish_reason").as_string();
  }
  CHECK(texts == std::map<std::int64_t, std::string>{{0, "a"}, {1, "bc"}});
  CHECK(roles == std::map<std::int64_t, int>{{0, 1}, {1, 1}});
  CHECK(finishes == std::map<std::int64_t, std::string>{{0, "length"}, {1, "stop"}});
}

TEST_CASE("chunks have the usage so far where a client wants it in each") {
  answer_style style;
  style.choices = 2;
  style.include_usage = true;
  style.usage_in_chunks = true;
  const auto format = make_format(style);
  answer_started started;
  started.usage.prompt_tokens = 5;
  std::string out;
  format->open(started, out);
  format->text({0, 0, "a", {}, finish_reason::none, 1}, out);
  format->text({0, 1, "b", {}, finish_reason::none, 3}, out);
  CHECK(out.find(R"("usage":{"prompt_tokens":5,"completion_tokens":0,"total_tokens":5})") != std::string::npos);
  CHECK(out.find(R"("usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6})") != std::string::npos);
  CHECK(out.find(R"("usage":{"prompt_tokens":5,"completion_tokens":4,"total_tokens":9})") != std::string::npos);
  CHECK(out.find(R"("usage":null)") == std::string::npos);
}

TEST_CASE("a legacy answer's logprobs name tokens, their places and the likeliest beside them") {
  answer_style style;
  style.shape = answer_shape::completion;
  style.logprobs = true;
  style.top_logprobs = 1;
  whole_answer a;
  token_logprob first{1, "\xc3\xa9t", 0, false};
  token_logprob second{2, "\xc3", std::bit_cast<std::uint32_t>(-0.5F)};
  second.top = {{3, "x", std::bit_cast<std::uint32_t>(-0.25F)}};
  token_logprob third{4, "\xa8", std::bit_cast<std::uint32_t>(-1.F)};
  third.top = {{4, "\xa8", std::bit_cast<std::uint32_t>(-1.F)}};
  a.choices = {{"\xc3\xa9t\xc3\xa8", {first, second, third}, finish_reason::stop}};
  const auto body = json::parse(make_format(style)->whole(a));
  const auto& logprobs = body.at("choices").at(0).at("logprobs");
  CHECK(logprobs.at("tokens") == json::value{"\xc3\xa9t", "bytes:\\xc3", "bytes:\\xa8"});
  CHECK(logprobs.at("token_logprobs") == json::value{nullptr, -0.5, -1});
  CHECK(logprobs.at("text_offset") == json::value{0, 2, 3});
  CHECK(logprobs.at("top_logprobs").at(0).is_null());
  CHECK(logprobs.at("top_logprobs").at(1).at("x") == -0.25);
  CHECK(logprobs.at("top_logprobs").at(1).at("bytes:\\xc3") == -0.5);
  CHECK(logprobs.at("top_logprobs").at(2).as_object().size() == 1);
}
