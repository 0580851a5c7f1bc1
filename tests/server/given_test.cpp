// Embeddings and scores of the real model, over HTTP, beside text.
#include <cmath>
#include <fstream>
#include <future>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/support/http_client.hpp"
#include "tests/support/server_process.hpp"

namespace {

using namespace troupe::test;
namespace json = boost::json;

std::uint16_t port() {
  static server_process server{{"serve", "--port", "0"}};
  static const auto number = server.wait_until_listening();
  return number;
}

json::value ask(const std::string& path, const json::object& body) {
  const auto answer = request(port(), "POST", path, json::serialize(body), {"Cache-Control: no-store"});
  if (answer.status != 200)
    throw std::runtime_error("status " + std::to_string(answer.status) + ": " + answer.body);
  return json::parse(answer.body);
}

/// What transformers makes of the default model's prompts.
const json::object& goldens() {
  static const json::value all = [] {
    std::ifstream file{"tests/engine/goldens/embeddings.json"};
    std::stringstream text;
    text << file.rdbuf();
    return json::parse(text.str());
  }();
  return all.at("default").as_object();
}

double largest_deviation(const json::array& is, const json::array& should_be) {
  if (is.size() != should_be.size())
    throw std::runtime_error(std::to_string(is.size()) + " numbers");
  double most = 0;
  for (std::size_t i = 0; i < is.size(); ++i)
    most = std::max(most, std::abs(is[i].to_number<double>() - should_be[i].to_number<double>()));
  return most;
}

} // namespace

TEST_CASE("the default model's embeddings are transformers', while it writes text") {
  auto text = std::async(std::launch::async, [] {
    return ask("/v1/completions", {{"model", "default"}, {"prompt", "Once"}, {"max_tokens", 60}, {"temperature", 0}});
  });
  for (const std::string pooling : {"mean", "last"}) {
    json::array inputs;
    for (const auto& prompt : goldens())
      inputs.push_back(prompt.value().at("tokens"));
    const auto answer = ask("/v1/embeddings", {{"model", "default"}, {"input", inputs}, {"pooling", pooling}});
    std::size_t i = 0;
    for (const auto& prompt : goldens()) {
      INFO(pooling << " of " << std::string_view{prompt.key()});
      const auto& made = answer.at("data").as_array().at(i++);
      // The server may compute in bfloat16 where the processor has it.
      CHECK(largest_deviation(made.at("embedding").as_array(), prompt.value().at(pooling).as_array()) < 0.01);
    }
  }
  CHECK(text.get().at_pointer("/usage/completion_tokens") == 60);
}

TEST_CASE("the likelier continuation has the higher score, and a greedy answer is greedy") {
  const json::object greedy{
    {"model", "default"}, {"prompt", "The capital of France is"}, {"max_tokens", 5}, {"temperature", 0}};
  const auto drawn = ask("/v1/completions", greedy).at_pointer("/choices/0/text").as_string();
  const auto answer = ask("/v1/score",
    {{"model", "default"}, {"prompt", "The capital of France is"}, {"continuations", {drawn, " a potato"}}});
  const auto& list = answer.at("data").as_array();
  REQUIRE(list.size() == 2);
  CHECK(list[0].at("is_greedy") == true);
  CHECK(list[1].at("is_greedy") == false);
  CHECK(list[0].at("logprob").to_number<double>() > list[1].at("logprob").to_number<double>());
}

TEST_CASE("a continuation's tokens are those of prompt and continuation together without as many as the prompt has") {
  const auto tokens_of = [](const std::string& text) {
    return ask("/tokenize", {{"model", "default"}, {"prompt", text}, {"add_special_tokens", false}})
      .at("tokens")
      .as_array();
  };
  // The tokenizer cuts these otherwise together than apart.
  const std::string prompt = "The capital of Fran";
  const std::string continuation = "ce is Paris";
  const auto before = tokens_of(prompt);
  const auto together = tokens_of(prompt + continuation);
  const json::array behind(together.begin() + static_cast<std::ptrdiff_t>(before.size()), together.end());
  REQUIRE(tokens_of(continuation).size() > behind.size());
  const auto answer = ask("/v1/score",
    {{"model", "default"}, {"prompt", prompt}, {"continuations", {continuation, behind}}, {"logprobs", true}});
  const auto& list = answer.at("data").as_array();
  json::array ids;
  for (const auto& token : list.at(0).at("token_logprobs").as_array())
    ids.push_back(token.at("id"));
  CHECK(ids == behind);
  CHECK(list.at(0).at("logprob") == list.at(1).at("logprob"));
  CHECK(answer.at_pointer("/usage/prompt_tokens").to_number<std::size_t>() == before.size() + 2 * behind.size());
  // One that vanishes into the prompt's last token has nothing to score.
  const auto nothing = request(port(), "POST", "/v1/score",
    R"({"model": "default", "prompt": "A philo", "continuations": ["sophical question"]})");
  CHECK(nothing.status == 400);
  CHECK(nothing.body.find("continuations[0] adds no token to the prompt") != std::string::npos);
}
