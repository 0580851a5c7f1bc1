#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <bit>

#include "http/api/answer_format.hpp"
#include "tests/http/client.hpp"

using namespace troupe;
using namespace troupe::http::api;
using troupe::http::test::events_of;
namespace json = boost::json;

namespace {

answer_style style(answer_shape shape) {
  answer_style s;
  s.shape = shape;
  s.request_id = "abc";
  s.model = "small";
  s.created = 1700000000;
  return s;
}

whole_answer answer() {
  whole_answer a;
  a.started.cache = cache_state::hit;
  a.choices = {{"hi \"you\"", {}, finish_reason::length}};
  a.finished.usage = {7, 3};
  a.finished.truncated_messages = 2;
  a.finished.latency = std::chrono::milliseconds{850};
  a.finished.time_to_first_token = std::chrono::milliseconds{25};
  return a;
}

} // namespace

TEST_CASE("a whole chat answer has OpenAI's shape") {
  CHECK(make_format(style(answer_shape::chat))->whole(answer()) ==
    R"({"id":"chatcmpl-abc","object":"chat.completion","created":1700000000,"model":"small","system_fingerprint":null,"choices":[{"index":0,)"
    R"("message":{"role":"assistant","content":"hi \"you\"","refusal":null},"logprobs":null,)"
    R"("finish_reason":"length"}],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}})");
}

TEST_CASE("a whole completion has OpenAI's shape") {
  CHECK(make_format(style(answer_shape::completion))->whole(answer()) ==
    R"({"id":"cmpl-abc","object":"text_completion","created":1700000000,"model":"small","system_fingerprint":null,"choices":[{"index":0,)"
    R"("text":"hi \"you\"","logprobs":null,"finish_reason":"length"}],)"
    R"("usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}})");
}

TEST_CASE("a whole inference has the own API's shape") {
  CHECK(make_format(style(answer_shape::inference))->whole(answer()) ==
    R"({"response":"hi \"you\"","metadata":{"request_id":"abc","model":"small","latency":0.85,)"
    R"("time_to_first_token":0.025,"cache_hit":true,"prompt_tokens":7,"completion_tokens":3,)"
    R"("finish_reason":"length","truncated_messages":2}})");
}

TEST_CASE("a chat stream has a role first, one finish reason, usage if asked, and its end") {
  auto s = style(answer_shape::chat);
  s.include_usage = true;
  const auto format = make_format(s);
  std::string out;
  format->open({}, out);
  format->text({0, 0, "a", {}, finish_reason::none}, out);
  format->text({0, 0, "b", {}, finish_reason::stop}, out);
  format->close({}, answer().finished, out);
  const auto events = events_of(out);
  REQUIRE(events.size() == 6);
  CHECK(events[0] ==
    R"({"id":"chatcmpl-abc","object":"chat.completion.chunk","created":1700000000,"model":"small","system_fingerprint":null,"choices":[{)"
    R"("index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null})");
  CHECK(events[1].find(R"("delta":{"content":"a"})") != std::string::npos);
  CHECK(events[2].find(R"("delta":{"content":"b"})") != std::string::npos);
  CHECK(events[3].find(R"("delta":{},"logprobs":null,"finish_reason":"stop")") != std::string::npos);
  CHECK(events[4].find(R"("choices":[],"usage":{"prompt_tokens":7,)") != std::string::npos);
  CHECK(events[5] == "[DONE]");
}

TEST_CASE("a stream has a finish reason even if none was told") {
  const auto format = make_format(style(answer_shape::completion));
  std::string out;
  format->open({}, out);
  CHECK(out.empty());
  format->close({}, {}, out);
  const auto events = events_of(out);
  REQUIRE(events.size() == 2);
  CHECK(events[0].find(R"("text":"","logprobs":null,"finish_reason":"stop")") != std::string::npos);
}

TEST_CASE("an inference stream has deltas, then the metadata, then its end") {
  const auto format = make_format(style(answer_shape::inference));
  std::string out;
  format->open({}, out);
  format->text({0, 0, "a", {}, finish_reason::none}, out);
  format->text({0, 0, "", {}, finish_reason::length}, out);
  format->close(answer().started, answer().finished, out);
  const auto events = events_of(out);
  REQUIRE(events.size() == 3);
  CHECK(events[0] == R"({"delta":"a"})");
  CHECK(events[1].find(R"({"metadata":{"request_id":"abc")") == 0);
  CHECK(events[1].find(R"("finish_reason":"length")") != std::string::npos);
  CHECK(events[2] == "[DONE]");
}

TEST_CASE("logprobs carry the token, its bytes and its logprob") {
  auto s = style(answer_shape::chat);
  s.logprobs = true;
  auto a = answer();
  a.choices[0].tokens = {
    {5, "hi", std::bit_cast<std::uint32_t>(-0.5f)}, {6, "\xe2\x82", std::bit_cast<std::uint32_t>(-1.25f)}};
  const auto parsed = json::parse(make_format(s)->whole(a));
  const auto& content = parsed.at("choices").at(0).at("logprobs").at("content").as_array();
  REQUIRE(content.size() == 2);
  CHECK(content[0].at("token") == "hi");
  CHECK(content[0].at("logprob").to_number<double>() == -0.5);
  CHECK(content[1].at("bytes") == json::value{226, 130});
  CHECK(content[1].at("top_logprobs").as_array().empty());
}
