// Workers fail in the middle of streams, and nobody sees more than a pause.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <iostream>
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

const std::string two_workers = R"(
[queue]
max_waiting = 1000
[restart]
delay = "50ms"
max_delay = "200ms"
stall = "1s"
[admin]
drills = true
[[worker]]
threads = 1
kv_bytes = "32MiB"
[[worker]]
threads = 1
kv_bytes = "32MiB"
)";

/// Every other one is sampled: draws depend on the seed and the position alone, wherever they are made.
std::string body_of_stream(std::size_t i, std::size_t tokens) {
  json::object body{{"model", "default"}, {"stream", true}, {"max_tokens", tokens},
    {"messages", json::array{json::object{{"role", "user"}, {"content", "Tell me fact number " + std::to_string(i)}}}}};
  body["temperature"] = i % 2 == 0 ? 0.0 : 1.0;
  body["seed"] = i;
  return json::serialize(body);
}

/// The text of a stream that ended as a stream should; throws for any other.
std::string streamed(std::uint16_t port, std::size_t i, std::size_t tokens) {
  const auto answer =
    request(port, "POST", "/v1/chat/completions", body_of_stream(i, tokens), {"Cache-Control: no-store"});
  if (answer.status != 200)
    throw std::runtime_error("status " + std::to_string(answer.status) + ": " + answer.body);
  const auto events = event_data(answer.body);
  if (events.empty() || events.back() != "[DONE]")
    throw std::runtime_error("a stream without its end: " + answer.body);
  std::string text;
  std::size_t ends = 0;
  for (std::size_t e = 0; e + 1 < events.size(); ++e) {
    const auto choice = json::parse(events[e]).at("choices").at(0).as_object();
    if (const auto* content = choice.at("delta").as_object().if_contains("content"); content && content->is_string())
      text += json::value_to<std::string>(*content);
    ends += choice.at("finish_reason").is_null() ? 0 : 1;
  }
  if (ends != 1)
    throw std::runtime_error(std::to_string(ends) + " ends in one stream");
  return text;
}

std::vector<std::string> all_streams(std::uint16_t port, std::size_t count, std::size_t tokens) {
  std::vector<std::future<std::string>> running;
  for (std::size_t i = 0; i < count; ++i)
    running.push_back(std::async(std::launch::async, [=] { return streamed(port, i, tokens); }));
  std::vector<std::string> texts;
  for (auto& x : running)
    texts.push_back(x.get());
  return texts;
}

/// Has workers fail in turn until it is stopped.
class drill_sergeant {
public:
  drill_sergeant(std::uint16_t port, std::chrono::milliseconds period)
      : thread_{[this, port, period] {
          const std::vector<std::string> kinds{"die", "throw", "hang"};
          for (std::size_t i = 0; !stop_; ++i, std::this_thread::sleep_for(period)) {
            const json::object order{{"worker", (i / 3) % 2}, {"what", kinds[i % kinds.size()]}};
            carried_out += request(port, "POST", "/admin/drill", json::serialize(order)).status == 200 ? 1 : 0;
          }
        }} {}
  ~drill_sergeant() {
    stop_ = true;
    thread_.join();
  }

  std::atomic<std::size_t> carried_out = 0;

private:
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

void survive_drills(std::size_t streams, std::size_t tokens, std::chrono::milliseconds period) {
  const config_file config{two_workers};
  server_process server{{"serve", "--port", "0", "--config", config.path()}};
  const auto port = server.wait_until_listening();
  const auto undisturbed = all_streams(port, streams, tokens);
  std::vector<std::string> disturbed;
  std::size_t drills = 0;
  {
    drill_sergeant drill{port, period};
    disturbed = all_streams(port, streams, tokens);
    drills = drill.carried_out;
  }
  std::size_t different = 0;
  for (std::size_t i = 0; i < streams; ++i) {
    INFO("stream " << i);
    CHECK(disturbed[i] == undisturbed[i]);
    different += disturbed[i] == undisturbed[i] ? 0 : 1;
  }
  std::cout << streams << " streams of " << tokens << " tokens, " << drills << " drills carried out, " << different
            << " answers differ" << std::endl;
  CHECK(drills > 0);
  INFO(server.output());
  CHECK(json::parse(request(port, "GET", "/metrics").body).at("failed_requests") == json::value(0));
}

} // namespace

TEST_CASE("streams go on unchanged while workers die, throw and hang") {
  survive_drills(16, 24, 700ms);
}

// Minutes: `./dev drill` runs it.
TEST_CASE("two hundred streams go on unchanged while a worker fails every second", "[.drill]") {
  survive_drills(200, 40, 1000ms);
}
