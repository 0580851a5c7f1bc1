#include <catch2/catch.hpp>

#include "http/api/call.hpp"
#include "http/api/errors.hpp"

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

call read(const std::string& fields) {
  return read_completion(R"({"model":"small",)" + fields + "}", {opts(), "id", 7, false});
}

std::string refused(const std::string& fields) {
  try {
    read(fields);
    return {};
  } catch (const request_error& error) {
    CHECK(error.reason().status == 400);
    return error.reason().param + ": " + error.what();
  }
}

} // namespace

TEST_CASE("a completion's prompt is text or token ids, alone or alone in a list") {
  const auto text = read(R"("prompt":"Once")").request;
  CHECK(text.form == prompt_form::text);
  CHECK(text.prompt == "Once");
  CHECK(text.params.max_tokens == 16);
  CHECK(read(R"("prompt":["Once"])").request.prompt == "Once");
  const auto ids = read(R"("prompt":[1,2,300])").request;
  CHECK(ids.form == prompt_form::tokens);
  CHECK(ids.prompt_tokens == std::vector<token_id>{1, 2, 300});
  CHECK(read(R"("prompt":[[4,5]])").request.prompt_tokens == std::vector<token_id>{4, 5});
}

TEST_CASE("each prompt of a list is a request of its own, with its choices behind those before") {
  const auto c = read(R"("n":2,"echo":true,"logprobs":3,"prompt":["a",[7,8],"c"])");
  CHECK(c.request.prompt == "a");
  REQUIRE(c.others.size() == 2);
  CHECK(c.others[0].prompt_tokens == std::vector<token_id>{7, 8});
  CHECK(c.others[0].form == prompt_form::tokens);
  CHECK(c.others[1].prompt == "c");
  CHECK(c.others[1].prompt_tokens.empty());
  for (const auto* one : {&c.request, &c.others[0], &c.others[1]}) {
    CHECK(one->params.choices == 2);
    CHECK(one->params.echo);
    CHECK(one->params.top_logprobs == 3);
  }
  CHECK(c.style.choices == 6);
  CHECK(
    refused(R"("n":128,"prompt":["a","b","c","d","e"])") == "n: n times the prompts must be at most 512, got 128 x 5");
}

TEST_CASE("a completion's field that does not hold or is not supported is named") {
  for (const auto* prompt : {"5", "{}", "\"\"", "[]", "[[]]", "[1.5]", "[-1]", "[1,\"x\"]", "[3000000000]", "true",
         "null", R"(["a",5])", "[[1],\"\"]", "[[[1]]]", "[\"\"]", "[true]"}) {
    INFO(prompt);
    CHECK(refused("\"prompt\":" + std::string{prompt}).starts_with("prompt"));
  }
  const std::vector<std::pair<std::string, std::string>> table{{"echo", "1"}, {"best_of", "2"}, {"suffix", "\"x\""},
    {"logprobs", "21"}, {"n", "0"}, {"messages", "[]"}, {"tools", "[]"}, {"max_completion_tokens", "5"},
    {"temperature", "3"}, {"stop", "[5]"}};
  for (const auto& [name, value] : table) {
    INFO(name << " = " << value);
    CHECK(refused(R"("prompt":"x",")" + name + "\":" + value).find(name) != std::string::npos);
  }
  for (const auto* fields : {R"("echo":false)", R"("best_of":1)", R"("suffix":null)", R"("logprobs":null)"}) {
    INFO(fields);
    CHECK(refused(R"("prompt":"x",)" + std::string{fields}) == "");
  }
  CHECK(refused(R"("max_tokens":2)").starts_with("prompt"));
}
