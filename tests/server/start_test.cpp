// What ends the program before it listens, and what it says of itself.
#include <string>

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/support/config_file.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/server_process.hpp"

namespace {

using namespace troupe::test;
using namespace std::chrono_literals;

/// Ends with status 2 and one line that has the word.
void check_refused(const std::vector<std::string>& arguments, const std::string& word) {
  server_process server{arguments};
  const auto status = server.wait(60s);
  const auto output = server.output();
  INFO(output);
  CHECK(status == 2);
  CHECK(output.find(word) != std::string::npos);
  CHECK(output.find('\n') == output.size() - 1);
}

} // namespace

TEST_CASE("a bad config, model or device ends the program with one line that names it") {
  check_refused({"serve", "--port", "0", "--model", "/nonexistent-model"}, "/nonexistent-model");
  check_refused({"serve", "--config", "/nonexistent.toml"}, "/nonexistent.toml");
  check_refused({"serve", "--port", "0", "--dtype", "int3"}, "int3");
  check_refused({"check", config_file{"prot = 1\n"}.path()}, "prot");
  check_refused({"serve", "--port", "0", "--config", config_file{"[[worker]]\ndevice = \"tpu:0\"\n"}.path()}, "tpu:0");
}

TEST_CASE("a port that is taken ends the program with a line that names it") {
  server_process first{{"serve", "--port", "0"}};
  const auto port = std::to_string(first.wait_until_listening());
  check_refused({"serve", "--port", port}, port);
}

TEST_CASE("one more worker table is one more worker, and answers stay the same") {
  const std::string ask = R"({"user_input": "Name a colour.", "max_tokens": 8, "use_cache": false})";
  std::string answer;
  for (const std::size_t workers : {1, 2}) {
    std::string text;
    for (std::size_t i = 0; i < workers; ++i)
      text += "[[worker]]\ndevice = \"cpu\"\nthreads = 1\nkv_bytes = \"64MiB\"\n";
    const config_file config{text};
    server_process server{{"serve", "--port", "0", "--config", config.path()}};
    const auto port = server.wait_until_listening();
    CHECK(boost::json::parse(request(port, "GET", "/health").body).at("workers").as_array().size() == workers);
    const auto reply = boost::json::parse(request(port, "POST", "/api/v1/inference", ask).body);
    const auto said = boost::json::value_to<std::string>(reply.at("response"));
    CHECK((answer.empty() || answer == said));
    answer = said;
  }
}
