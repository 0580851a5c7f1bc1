// A running server takes in another config, and dies whole when its core does.
#include <csignal>
#include <future>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/support/config_file.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/server_process.hpp"

namespace {

using namespace troupe::test;
using namespace std::chrono_literals;
namespace json = boost::json;

std::string workers(std::initializer_list<int> threads) {
  std::string text;
  for (const int count : threads)
    text += "[[worker]]\nthreads = " + std::to_string(count) + "\nkv_bytes = \"32MiB\"\n";
  return text;
}

/// The ids of the workers that are ready, once they are all; throws when that never comes.
std::vector<std::int64_t> ready_workers(std::uint16_t port, std::size_t count) {
  for (int i = 0; i < 300; ++i, std::this_thread::sleep_for(100ms)) {
    std::vector<std::int64_t> ids;
    const auto health = json::parse(request(port, "GET", "/health").body);
    for (const auto& worker : health.at("workers").as_array())
      if (worker.at("state") == json::value("ready"))
        ids.push_back(worker.at("id").to_number<std::int64_t>());
    if (ids.size() == count && health.at("workers").as_array().size() == count)
      return ids;
  }
  throw std::runtime_error("the workers do not become ready");
}

} // namespace

TEST_CASE("SIGHUP starts and removes workers under a running stream, and refuses a config that does not hold") {
  const config_file config{workers({1, 1})};
  server_process server{{"serve", "--port", "0", "--config", config.path()}};
  const auto port = server.wait_until_listening();
  CHECK(ready_workers(port, 2) == std::vector<std::int64_t>{0, 1});
  const std::string story =
    R"({"model": "default", "messages": [{"role": "user", "content": "Tell a story."}], "temperature": 0, "max_tokens": 48, "ignore_eos": true})";
  const auto ask = [port, &story] {
    return request(port, "POST", "/v1/chat/completions", story, {"Cache-Control: no-store"}).body;
  };
  const auto text_of = [](const std::string& body) {
    return json::parse(body).at_pointer("/choices/0/message/content");
  };
  const auto alone = text_of(ask());
  auto running = std::async(std::launch::async, ask);
  std::this_thread::sleep_for(300ms);

  // One of the two with one thread goes, one with two threads comes.
  config.rewrite(workers({1, 2}));
  server.signal(SIGHUP);
  CHECK(text_of(running.get()) == alone);
  CHECK(ready_workers(port, 2).back() == 2);

  config.rewrite("[[worker]]\nthreads = \"two\"\n");
  server.signal(SIGHUP);
  CHECK(text_of(ask()) == alone);
  CHECK(ready_workers(port, 2).back() == 2);
  CHECK(server.output().find("reload refused: " + config.path()) != std::string::npos);
  server.signal(SIGTERM);
  CHECK(server.wait(20s) == 0);
}
