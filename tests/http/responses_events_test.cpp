#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "http/api/responses_events.hpp"

using namespace troupe;
using namespace troupe::http::api;
namespace json = boost::json;

namespace {

responses_style style() {
  responses_style s;
  s.request_id = "abc";
  s.model = "small";
  s.created = 1700000000;
  s.temperature = 0.7f;
  s.metadata["k"] = "v";
  return s;
}

answer_finished finished() {
  answer_finished end;
  end.usage = {7, 3};
  return end;
}

struct event {
  std::string name;
  json::value data;
};

/// A stream's events, each with a name and one line of data, numbered from 0.
std::vector<event> events_of(std::string_view stream) {
  std::vector<event> events;
  while (!stream.empty()) {
    const auto line = [&](std::string_view prefix) {
      REQUIRE(stream.starts_with(prefix));
      const auto end = stream.find('\n');
      const auto text = stream.substr(prefix.size(), end - prefix.size());
      stream.remove_prefix(end + 1);
      return std::string{text};
    };
    event e;
    e.name = line("event: ");
    e.data = json::parse(line("data: "));
    line("");
    CHECK(e.data.at("type") == e.name.c_str());
    CHECK(e.data.at("sequence_number") == static_cast<std::int64_t>(events.size()));
    events.push_back(std::move(e));
  }
  return events;
}

std::vector<std::string> names_of(const std::vector<event>& events) {
  std::vector<std::string> names;
  for (const auto& e : events)
    names.push_back(e.name);
  return names;
}

} // namespace

TEST_CASE("a whole response has OpenAI's shape", "[tools]") {
  whole_answer answer;
  answer.choices = {{"hi \"you\"", {}, finish_reason::stop}};
  answer.finished = finished();
  CHECK(responses_format{style()}.whole(answer) ==
    R"({"id":"resp_abc","object":"response","created_at":1700000000,"status":"completed","background":false,)"
    R"("error":null,"incomplete_details":null,"output":[{"id":"msg_abc","type":"message","status":"completed",)"
    R"("role":"assistant","content":[{"type":"output_text","text":"hi \"you\"","annotations":[],"logprobs":[]}]}],)"
    R"("model":"small","instructions":null,"max_output_tokens":null,"temperature":0.7,"top_p":1,)"
    R"("text":{"format":{"type":"text"}},"tools":[],"tool_choice":"auto","parallel_tool_calls":true,)"
    R"("truncation":"disabled","store":false,"previous_response_id":null,"user":null,"metadata":{"k":"v"},)"
    R"("usage":{"input_tokens":7,"input_tokens_details":{"cached_tokens":0,"cache_write_tokens":0},)"
    R"("output_tokens":3,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":10}})");
}

TEST_CASE("a whole response that was cut says why", "[tools]") {
  whole_answer answer;
  answer.choices = {{"", {}, finish_reason::length}};
  const auto body = json::parse(responses_format{style()}.whole(answer));
  CHECK(body.at("status") == "incomplete");
  CHECK(body.at("incomplete_details").at("reason") == "max_output_tokens");
  CHECK(body.at("output").at(0).at("status") == "incomplete");
}

TEST_CASE("a response's stream tells every step by its name", "[tools]") {
  responses_format format{style()};
  std::string out;
  format.open({}, out);
  format.text({0, 0, "a\n", {}, finish_reason::none}, out);
  format.text({0, 0, "b", {}, finish_reason::stop}, out);
  format.close({}, finished(), out);
  const auto events = events_of(out);
  REQUIRE(names_of(events) ==
    std::vector<std::string>{"response.created", "response.in_progress", "response.output_item.added",
      "response.content_part.added", "response.output_text.delta", "response.output_text.delta",
      "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed"});
  CHECK(events[0].data.at("response").at("status") == "in_progress");
  CHECK(events[0].data.at("response").at("output").as_array().empty());
  CHECK(events[0].data.at("response").at("usage").is_null());
  CHECK(events[2].data.at("item").at("status") == "in_progress");
  CHECK(events[2].data.at("item").at("content").as_array().empty());
  CHECK(events[3].data.at("part").at("text") == "");
  CHECK(events[4].data.at("delta") == "a\n");
  CHECK(events[4].data.at("item_id") == "msg_abc");
  CHECK(events[6].data.at("text") == "a\nb");
  CHECK(events[7].data.at("part").at("text") == "a\nb");
  CHECK(events[8].data.at("item").at("status") == "completed");
  const auto& response = events[9].data.at("response");
  CHECK(response.at("status") == "completed");
  CHECK(response.at("output").at(0).at("content").at(0).at("text") == "a\nb");
  CHECK(response.at("usage").at("total_tokens") == 10);
}

TEST_CASE("a response's stream without text has an item all the same", "[tools]") {
  responses_format format{style()};
  std::string out;
  format.open({}, out);
  format.text({0, 0, "", {}, finish_reason::length}, out);
  format.close({}, finished(), out);
  const auto events = events_of(out);
  REQUIRE(events.size() == 8);
  CHECK(events[6].data.at("item").at("status") == "incomplete");
  CHECK(events[7].name == "response.incomplete");
  CHECK(events[7].data.at("response").at("incomplete_details").at("reason") == "max_output_tokens");
}

TEST_CASE("a response's stream that fails ends with the reason, and closes what was open", "[tools]") {
  responses_format early{style()};
  std::string out;
  early.open({}, out);
  early.fail({429, "the queue is full", {}, "queue_full", {}}, out);
  auto events = events_of(out);
  REQUIRE(names_of(events) == std::vector<std::string>{"response.created", "response.in_progress", "response.failed"});
  CHECK(events[2].data.at("response").at("status") == "failed");
  CHECK(events[2].data.at("response").at("error") ==
    json::value({{"code", "rate_limit_exceeded"}, {"message", "the queue is full"}}));
  CHECK(events[2].data.at("response").at("output").as_array().empty());

  responses_format late{style()};
  out.clear();
  late.open({}, out);
  late.text({0, 0, "a", {}, finish_reason::none}, out);
  late.fail({503, "no worker", {}, "no_worker", {}}, out);
  events = events_of(out);
  REQUIRE(events.size() == 9);
  CHECK(events[7].data.at("item").at("status") == "incomplete");
  CHECK(events[8].name == "response.failed");
  CHECK(events[8].data.at("response").at("error").at("code") == "server_error");
  CHECK(events[8].data.at("response").at("output").at(0).at("content").at(0).at("text") == "a");
}
