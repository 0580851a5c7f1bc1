// The whole server with the real model, over HTTP.
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/support/http_client.hpp"
#include "tests/support/server_process.hpp"

namespace {

using namespace troupe::test;
using namespace std::chrono_literals;
namespace json = boost::json;

/// One server for all tests of this file: it is to serve them one after the other, whatever each did to it.
std::uint16_t port() {
  static server_process server{{"serve", "--port", "0"}};
  static const auto number = server.wait_until_listening();
  return number;
}

/// The body of a good answer. Throws with the body of any other: Catch2's macros are not for threads of a test's own.
json::value body_of(const http_response& response) {
  if (response.status != 200)
    throw std::runtime_error("status " + std::to_string(response.status) + ": " + response.body);
  return json::parse(response.body);
}

std::string chat_body(const std::string& question, int max_tokens, bool stream = false) {
  return json::serialize(json::object{{"model", "default"}, {"temperature", 0}, {"max_tokens", max_tokens},
    {"stream", stream}, {"messages", json::array{json::object{{"role", "user"}, {"content", question}}}}});
}

/// A greedy answer that no cache gives.
std::string chat(const std::string& question, int max_tokens) {
  const auto answer = body_of(
    request(port(), "POST", "/v1/chat/completions", chat_body(question, max_tokens), {"Cache-Control: no-store"}));
  return json::value_to<std::string>(answer.at_pointer("/choices/0/message/content"));
}

std::int64_t running() {
  const auto metrics = body_of(request(port(), "GET", "/metrics"));
  return metrics.at("requests_running").to_number<std::int64_t>() +
    metrics.at("requests_waiting").to_number<std::int64_t>();
}

bool becomes_idle() {
  for (int i = 0; i < 200; ++i, std::this_thread::sleep_for(50ms))
    if (running() == 0)
      return true;
  return false;
}

} // namespace

TEST_CASE("the default model answers in English, and a repeat comes from the cache") {
  const std::string body = R"({"user_input": "What is the capital of France?", "max_tokens": 32})";
  const auto first = request(port(), "POST", "/api/v1/inference", body);
  const auto answer = body_of(first);
  const auto text = json::value_to<std::string>(answer.at("response"));
  CHECK(text.find("Paris") != std::string::npos);
  CHECK(first.headers.at("x-cache") == "miss");
  CHECK(answer.at_pointer("/metadata/cache_hit") == json::value(false));
  CHECK(answer.at_pointer("/metadata/finish_reason") == json::value("stop"));

  const auto second = request(port(), "POST", "/api/v1/inference", body);
  CHECK(second.headers.at("x-cache") == "hit");
  CHECK(body_of(second).at("response") == answer.at("response"));
  CHECK(second.headers.at("x-request-id") != first.headers.at("x-request-id"));
}

TEST_CASE("a streamed answer is the plain one, in pieces") {
  const auto plain = chat("Name three fruits.", 24);
  const auto streamed = request(
    port(), "POST", "/v1/chat/completions", chat_body("Name three fruits.", 24, true), {"Cache-Control: no-store"});
  REQUIRE(streamed.status == 200);
  CHECK(streamed.headers.at("content-type").starts_with("text/event-stream"));
  const auto events = event_data(streamed.body);
  REQUIRE(events.size() > 5);
  CHECK(events.back() == "[DONE]");
  CHECK(json::parse(events.front()).at_pointer("/choices/0/delta/role") == json::value("assistant"));
  std::string text;
  for (std::size_t i = 0; i + 1 < events.size(); ++i) {
    const auto event = json::parse(events[i]);
    if (const auto* content = event.at_pointer("/choices/0/delta").as_object().if_contains("content"))
      text += json::value_to<std::string>(*content);
  }
  CHECK(text == plain);
}

TEST_CASE("sixteen requests at once each get the answer that they get alone") {
  const std::vector<std::string> subjects{"rain", "iron", "bees", "salt", "the moon", "bread", "owls", "maps"};
  std::vector<std::string> questions;
  for (int i = 0; i < 16; ++i)
    questions.push_back(
      "Write a sentence about " + subjects[static_cast<std::size_t>(i) % 8] + " for reader " + std::to_string(i) + ".");
  std::vector<std::future<std::string>> together;
  for (const auto& question : questions)
    together.push_back(std::async(std::launch::async, [question] { return chat(question, 16); }));
  std::vector<std::string> answers;
  for (auto& answer : together)
    answers.push_back(answer.get());
  for (std::size_t i = 0; i < questions.size(); i += 5)
    CHECK(answers[i] == chat(questions[i], 16));
}

TEST_CASE("a seed gives the same sampled answer beside other requests") {
  const std::string body =
    R"({"user_input": "Tell me something odd.", "max_tokens": 24, "temperature": 1.0, "seed": 7, "use_cache": false})";
  const auto alone = body_of(request(port(), "POST", "/api/v1/inference", body)).at("response");
  auto beside = std::async(std::launch::async, [] { return chat("Count from one to ten in words.", 32); });
  CHECK(body_of(request(port(), "POST", "/api/v1/inference", body)).at("response") == alone);
  beside.get();
}

TEST_CASE("a prompt over the context is refused with both numbers") {
  std::string prompt;
  for (int i = 0; i < 9000; ++i)
    prompt += "word ";
  const auto refused = request(port(), "POST", "/v1/chat/completions", chat_body(prompt, 1));
  CHECK(refused.status == 400);
  const auto error = json::parse(refused.body).at("error");
  CHECK(error.at("code") == json::value("context_length_exceeded"));
  const auto message = json::value_to<std::string>(error.at("message"));
  CHECK(message.find("8192") != std::string::npos);
  CHECK(message.find("90") != std::string::npos);
}

TEST_CASE("control tokens that a user types are text") {
  const auto typed = body_of(request(port(), "POST", "/v1/chat/completions", chat_body("Repeat: <|im_end|>", 1)));
  const auto without = body_of(request(port(), "POST", "/v1/chat/completions", chat_body("Repeat: ", 1)));
  const auto difference = typed.at_pointer("/usage/prompt_tokens").to_number<int>() -
    without.at_pointer("/usage/prompt_tokens").to_number<int>();
  CHECK(difference >= 4);
}

TEST_CASE("a client that hangs up frees its place") {
  {
    http_connection streaming{port()};
    streaming.send_request(
      "POST", "/v1/chat/completions", chat_body("Count up from one, and do not stop.", 2000, true));
    REQUIRE(streaming.read_head().status == 200);
    REQUIRE(streaming.read_chunk());
    REQUIRE(running() == 1);
    streaming.reset();
  }
  CHECK(becomes_idle());
  {
    http_connection plain{port()};
    plain.send_request("POST", "/v1/chat/completions", chat_body("Count up from two, and do not stop.", 2000));
    std::this_thread::sleep_for(300ms);
  }
  CHECK(becomes_idle());
}

TEST_CASE("bad requests beside a stream do not hurt it") {
  const auto undisturbed = chat("Describe a garden.", 40);
  auto answer = std::async(std::launch::async, [] { return chat("Describe a garden.", 40); });
  for (const auto* body :
    {"", "{", "[]", R"({"messages": 5})", R"({"model": "default", "messages": []})", R"({"frobnicate": 1})"})
    CHECK(request(port(), "POST", "/v1/chat/completions", body).status == 400);
  CHECK(request(port(), "GET", "/nowhere").status == 404);
  CHECK(answer.get() == undisturbed);
}

TEST_CASE("what went in equals what came out") {
  REQUIRE(becomes_idle());
  const auto before = body_of(request(port(), "GET", "/metrics"));
  chat("Say hello.", 4);
  const auto after = body_of(request(port(), "GET", "/metrics"));
  const auto number = [](const json::value& metrics, const char* name) {
    return metrics.at(name).to_number<std::int64_t>();
  };
  CHECK(number(after, "total_requests") == number(before, "total_requests") + 1);
  CHECK(number(after, "successful_requests") == number(before, "successful_requests") + 1);
  CHECK(number(after, "total_requests") ==
    number(after, "successful_requests") + number(after, "failed_requests") + number(after, "cancelled_requests"));
  const auto& worker = after.at_pointer("/workers/0");
  CHECK(worker.at("resident_sequences") == json::value(0));
}
