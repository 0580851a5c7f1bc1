// Several models in one server.
#include <chrono>
#include <string>
#include <thread>

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/support/config_file.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/prometheus_page.hpp"
#include "tests/support/server_process.hpp"

namespace {

using namespace troupe::test;
using namespace std::chrono_literals;
namespace json = boost::json;

const std::string path = "path = \"models/SmolLM2-135M-Instruct.Q4_1.gguf\"\n";

std::string question(const std::string& model) {
  return json::serialize(json::object{{"model", model}, {"max_tokens", 4}, {"ignore_eos", true}, {"temperature", 0},
    {"messages", json::array{json::object{{"role", "user"}, {"content", "Say something."}}}}});
}

} // namespace

TEST_CASE("a request goes to the model that it names, by name or alias, and every model has its own numbers") {
  // The same file twice: both hold its weights only once.
  const config_file config{"[[model]]\nname = \"one\"\n" + path +
    "[[model]]\nname = \"two\"\naliases = [\"second\"]\n" + "context = 64\n" + path +
    "[[worker]]\nthreads = 1\nkv_bytes = \"32MiB\"\n[[worker]]\nmodel = \"second\"\nthreads = 1\nkv_bytes = "
    "\"16MiB\"\n"};
  server_process server{{"serve", "--port", "0", "--config", config.path()}};
  const auto port = server.wait_until_listening();
  const auto ask = [&](const std::string& model) {
    return request(port, "POST", "/v1/chat/completions", question(model));
  };
  for (const auto& [asked, served] : {std::pair{"default", "one"}, {"one", "one"}, {"two", "two"}, {"second", "two"}}) {
    INFO(asked);
    const auto answer = ask(asked);
    REQUIRE(answer.status == 200);
    CHECK(json::parse(answer.body).at("model") == served);
  }
  for (const auto* unknown : {"Two", "three"}) {
    INFO(unknown);
    const auto answer = ask(unknown);
    CHECK(answer.status == 404);
    CHECK(json::parse(answer.body).at("error").at("code") == "model_not_found");
  }
  const auto list = json::parse(request(port, "GET", "/v1/models").body).at("data");
  REQUIRE(list.as_array().size() == 2);
  CHECK(list.at(0).at("id") == "one");
  CHECK(list.at(1).at("id") == "two");
  CHECK(list.at(1).at("context_length") == 64);
  CHECK(json::parse(request(port, "GET", "/v1/models/second").body).at("id") == "two");
  CHECK(request(port, "GET", "/v1/models/three").status == 404);

  // An answer has ended for its client a moment before its worker says that its sequence has.
  const auto scrape = [&] { return prometheus_page{request(port, "GET", "/metrics/prometheus").body}; };
  auto page = scrape();
  for (int i = 0; i < 200 && page.sum("vllm:num_requests_running") > 0; ++i, page = scrape())
    std::this_thread::sleep_for(50ms);
  // The alias found the answer that its name had made.
  CHECK(page.value("vllm:e2e_request_latency_seconds_count", {{"model_name", "one"}}) == 2);
  CHECK(page.value("vllm:e2e_request_latency_seconds_count", {{"model_name", "two"}}) == 2);
  CHECK(page.value("troupe_response_cache_requests_total", {{"result", "hit"}}) == 2);
  CHECK(page.value("troupe_response_cache_requests_total", {{"result", "miss"}}) == 2);
  CHECK(page.value("vllm:num_requests_running", {{"model_name", "two"}}) == 0);
}
