// What operators see and order at a server that works.
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

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

const std::string one_worker = "[[worker]]\nthreads = 1\nkv_bytes = \"32MiB\"\n";

prometheus_page scrape(std::uint16_t port) {
  const auto answer = request(
    port, "GET", "/metrics", {}, {"Accept: application/openmetrics-text;q=0.75,text/plain;version=0.0.4;q=0.5"});
  REQUIRE(answer.status == 200);
  CHECK(answer.headers.at("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  return prometheus_page{answer.body};
}

std::string story(std::size_t i, std::size_t tokens) {
  return json::serialize(json::object{{"model", "default"}, {"max_tokens", tokens}, {"ignore_eos", true},
    {"messages", json::array{json::object{{"role", "user"}, {"content", "Story " + std::to_string(i)}}}}});
}

} // namespace

TEST_CASE("every scrape of a busy server adds up, clients that hang up counted in") {
  server_process server{{"serve", "--port", "0", "--threads", "1"}};
  const auto port = server.wait_until_listening();
  std::vector<std::future<void>> clients;
  for (std::size_t i = 0; i < 8; ++i)
    clients.push_back(std::async(std::launch::async, [i, port] {
      http_connection client{port};
      client.send_request("POST", "/v1/chat/completions", story(i, 12));
      if (i % 4 == 0) {
        std::this_thread::sleep_for(200ms);
        client.reset();
      } else {
        client.read_response();
      }
    }));
  double started = 0;
  double live = 1;
  double running = 1;
  for (int i = 0; i < 600 && (started < 8 || live > 0 || running > 0); ++i, std::this_thread::sleep_for(50ms)) {
    const auto page = scrape(port);
    live = page.value("troupe_requests_live");
    // A worker says that a sequence has ended a moment after the client has read it.
    running = page.sum("vllm:num_requests_running");
    started = page.value("troupe_requests_started_total");
    CHECK(started ==
      live + page.value("troupe_requests_finished_total") + page.sum("troupe_requests_failed_total") +
        page.sum("troupe_requests_cancelled_total"));
  }
  for (auto& client : clients)
    client.get();
  const auto page = scrape(port);
  CHECK(page.value("troupe_requests_finished_total") == 6);
  CHECK(page.value("troupe_requests_cancelled_total", {{"reason", "client_gone"}}) == 2);
  CHECK(page.value("vllm:request_success_total", {{"finished_reason", "length"}}) == 6);
  CHECK(page.value("vllm:e2e_request_latency_seconds_count") == 6);
  CHECK(page.sum("vllm:num_requests_running") == 0);
  CHECK(request(port, "GET", "/health/live").status == 200);
}

TEST_CASE("a reload by request starts a worker, a drill is refused where drills are off") {
  const config_file config{one_worker};
  server_process server{{"serve", "--port", "0", "--config", config.path()}};
  const auto port = server.wait_until_listening();
  config.rewrite(one_worker + "[[worker]]\nthreads = 2\nkv_bytes = \"32MiB\"\n");
  const auto reloaded = request(port, "POST", "/admin/reload");
  CHECK(reloaded.status == 200);
  CHECK(reloaded.body == R"({"status":"reloaded","kept":1,"started":[1],"draining":[]})");
  config.rewrite("prot = 1\n");
  const auto refused = request(port, "POST", "/admin/reload");
  CHECK(refused.status == 400);
  CHECK(refused.body.find("did you mean \\\"port\\\"?") != std::string::npos);
  const auto drill = request(port, "POST", "/admin/drill", R"({"worker": 0, "what": "die"})");
  CHECK(drill.status == 403);
  CHECK(drill.body.find("admin.drills is false") != std::string::npos);
}
