#include <catch2/catch.hpp>

#include "http/api/call.hpp"
#include "http/api/errors.hpp"
#include "http/api/inference.hpp"

using namespace troupe;
using namespace troupe::http;
using namespace troupe::http::api;

namespace {

const options& opts() {
  static const options o = [] {
    options made;
    made.models = {{"small", 1, 8192}};
    return made;
  }();
  return o;
}

call read(const std::string& body, bool no_store = false) {
  return read_inference(body, {opts(), "id", 7, no_store});
}

std::string refused(const std::string& body) {
  try {
    read(body);
    return {};
  } catch (const request_error& error) {
    CHECK(error.reason().status == 400);
    return error.reason().param + ": " + error.what();
  }
}

std::vector<chat_message> talk(std::size_t n, bool system) {
  std::vector<chat_message> messages;
  if (system)
    messages.push_back({"system", "s"});
  for (std::size_t i = 0; i < n; ++i)
    messages.push_back({i % 2 == 0 ? "user" : "assistant", std::to_string(i)});
  return messages;
}

} // namespace

TEST_CASE("an inference that says nothing more is greedy, cached, and at most 256 tokens long") {
  const auto c = read(R"({"user_input":"hi"})");
  const auto& r = c.request;
  CHECK(r.model == "small");
  CHECK(r.endpoint == "/api/v1/inference");
  CHECK(r.messages == std::vector<chat_message>{{"user", "hi"}});
  CHECK(r.params.temperature == 0);
  CHECK(r.params.max_tokens == 256);
  CHECK(r.trim_to_tokens == 2048);
  CHECK(r.trimmed_messages == 0);
  CHECK(r.cache == cache_policy::use);
  CHECK(c.style.shape == answer_shape::inference);
}

TEST_CASE("use_cache and no-store keep an inference away from the cache") {
  CHECK(read(R"({"user_input":"hi","use_cache":false})").request.cache == cache_policy::bypass);
  CHECK(read(R"({"user_input":"hi"})", true).request.cache == cache_policy::bypass);
  CHECK(read(R"({"user_input":"hi","temperature":1})").request.cache == cache_policy::use);
}

TEST_CASE("a history is cut to its last messages, and a system message in front stays") {
  auto history = talk(30, false);
  CHECK(cut_history(history, 10) == 20);
  CHECK(history.size() == 10);
  CHECK(history.front().content == "20");
  history = talk(30, true);
  CHECK(cut_history(history, 10) == 20);
  CHECK(history.size() == 11);
  CHECK(history[0].role == "system");
  CHECK(history[1].content == "20");
  history = talk(10, true);
  CHECK(cut_history(history, 10) == 0);
  CHECK(history.size() == 11);
  history.clear();
  CHECK(cut_history(history, 10) == 0);
  history = talk(3, true);
  CHECK(cut_history(history, 0) == 3);
  CHECK(history.size() == 1);
}

TEST_CASE("the history comes before the input") {
  std::string history;
  for (int i = 0; i < 12; ++i)
    history += (i == 0 ? "" : ",") + std::string{R"({"role":"user","content":")"} + std::to_string(i) + "\"}";
  const auto r = read(R"({"user_input":"hi","conversation_history":[)" + history + "]}").request;
  REQUIRE(r.messages.size() == 11);
  CHECK(r.messages.front().content == "2");
  CHECK(r.messages.back().content == "hi");
  CHECK(r.trimmed_messages == 2);
}

TEST_CASE("an inference's field that does not hold is a 400 that names it") {
  const std::vector<std::pair<std::string, std::vector<std::string>>> table{
    {"user_input", {"5", "null", "\"\"", "[]", "{}"}},
    {"conversation_history",
      {"\"x\"", "5", "{}", "[1]", R"([{"role":"user"}])", R"([{"content":"x"}])",
        R"([{"role":"wizard","content":"x"}])", R"([{"role":"tool","content":"x"}])",
        R"([{"role":"user","content":5}])", R"([{"role":"user","content":"x","y":1}])"}},
    {"use_cache", {"\"yes\"", "1", "[]"}},
    {"max_tokens", {"\"5\"", "-1", "0", "1.5", "true", "1000000000000000000000000000000"}},
    {"temperature", {"\"x\"", "-1", "9", "true"}},
    {"top_p", {"\"x\"", "2"}},
    {"model", {"5"}},
    {"stream", {"\"x\""}},
    {"frobnicate", {"1"}},
    {"n", {"1"}},
  };
  for (const auto& [name, values] : table)
    for (const auto& value : values) {
      INFO(name << " = " << value);
      const auto input = name == "user_input" ? std::string{} : std::string{R"("user_input":"hi",)"};
      CHECK(refused("{" + input + "\"" + name + "\":" + value + "}").find(name) != std::string::npos);
    }
  CHECK(refused("{}").starts_with("user_input"));
}
