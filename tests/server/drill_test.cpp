// Workers fail in the middle of streams, and nobody sees more than a pause.
#include <chrono>
#include <future>
#include <iostream>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/server/drills.hpp"
#include "tests/server/stream_client.hpp"
#include "tests/support/config_file.hpp"
#include "tests/support/server_process.hpp"

namespace {

using namespace troupe::test;
using namespace std::chrono_literals;

std::vector<std::string> all_streams(std::uint16_t port, std::size_t count, std::size_t tokens) {
  std::vector<std::future<std::string>> running;
  for (std::size_t i = 0; i < count; ++i)
    running.push_back(std::async(std::launch::async, [=] { return streamed(port, i, tokens); }));
  std::vector<std::string> texts;
  for (auto& x : running)
    texts.push_back(x.get());
  return texts;
}

void survive_drills(std::size_t streams, std::size_t tokens, std::chrono::milliseconds period) {
  const config_file config{two_workers_with_drills};
  server_process server{{"serve", "--port", "0", "--config", config.path()}};
  const auto port = server.wait_until_listening();
  const auto undisturbed = all_streams(port, streams, tokens);
  std::vector<std::string> disturbed;
  std::size_t drills = 0;
  {
    const drill_sergeant sergeant{port, period};
    disturbed = all_streams(port, streams, tokens);
    drills = sergeant.carried_out();
  }
  std::size_t different = 0;
  for (std::size_t i = 0; i < streams; ++i) {
    INFO("stream " << i);
    CHECK(disturbed[i] == undisturbed[i]);
    different += disturbed[i] == undisturbed[i] ? 0 : 1;
  }
  std::cout << streams << " streams of " << tokens << " tokens, " << drills << " drills, " << different
            << " answers differ" << std::endl;
  CHECK(drills > 0);
  const auto metrics = boost::json::parse(request(port, "GET", "/metrics").body);
  CHECK(metrics.at("failed_requests") == boost::json::value(0));
  CHECK(metrics.at("successful_requests") == boost::json::value(2 * streams));
}

} // namespace

TEST_CASE("streams go on unchanged while workers die, throw and hang") {
  survive_drills(16, 24, 700ms);
}

TEST_CASE("a KV cache of a tenth of what the load wants changes no answer") {
  std::vector<std::string> roomy;
  std::vector<std::string> tight;
  for (const auto blocks : {1000, 9}) {
    // Sixteen streams of some 70 tokens want ninety blocks of 16.
    const config_file config{"[[worker]]\nkv_blocks = " + std::to_string(blocks) + "\n"};
    server_process server{{"serve", "--port", "0", "--config", config.path()}};
    (blocks == 9 ? tight : roomy) = all_streams(server.wait_until_listening(), 16, 32);
  }
  CHECK(tight == roomy);
}

// Takes minutes: `./dev drill` runs it.
TEST_CASE("two hundred streams go on unchanged while a worker fails every second", "[.drill]") {
  survive_drills(200, 40, 1000ms);
}
