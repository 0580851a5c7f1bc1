// How the server ends.
#include <csignal>
#include <future>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/support/http_client.hpp"
#include "tests/support/server_process.hpp"

namespace {

using namespace troupe::test;
using namespace std::chrono_literals;

const std::string long_stream =
  R"({"model": "default", "messages": [{"role": "user", "content": "Tell a story."}], "temperature": 0, "max_tokens": 60, "ignore_eos": true, "stream": true})";

} // namespace

TEST_CASE("SIGTERM lets a running stream end whole, refuses new requests and exits with 0") {
  server_process server{{"serve", "--port", "0"}};
  const auto port = server.wait_until_listening();
  http_connection streaming{port};
  streaming.send_request("POST", "/v1/chat/completions", long_stream);
  REQUIRE(streaming.read_head().status == 200);
  REQUIRE(streaming.read_chunk());
  http_connection waiting{port};
  server.signal(SIGTERM);
  std::this_thread::sleep_for(200ms);

  waiting.send_request("GET", "/health/ready");
  CHECK(waiting.read_response().status == 503);
  std::string body;
  while (const auto chunk = streaming.read_chunk())
    body += *chunk;
  CHECK(event_data(body).back() == "[DONE]");
  INFO(server.output());
  CHECK(server.wait(20s) == 0);
}

TEST_CASE("a second SIGTERM ends the server at once") {
  server_process server{{"serve", "--port", "0"}};
  http_connection streaming{server.wait_until_listening()};
  streaming.send_request("POST", "/v1/chat/completions", long_stream);
  REQUIRE(streaming.read_head().status == 200);
  server.signal(SIGTERM);
  std::this_thread::sleep_for(100ms);
  server.signal(SIGTERM);
  CHECK(server.wait(3s).has_value());
}
