// Ten minutes of everything at once leave nothing behind. `./dev soak` runs it; TROUPE_SOAK_SECONDS is its length.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
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
using std::chrono::steady_clock;
namespace json = boost::json;

struct usage {
  std::size_t descriptors = 0;
  double resident_mib = 0;
};

usage usage_of(int process) {
  const auto folder = std::filesystem::path{"/proc"} / std::to_string(process);
  usage out;
  out.descriptors = static_cast<std::size_t>(
    std::distance(std::filesystem::directory_iterator{folder / "fd"}, std::filesystem::directory_iterator{}));
  std::ifstream status{folder / "statm"};
  std::size_t pages = 0;
  status >> pages >> pages;
  out.resident_mib = static_cast<double>(pages) * 4096 / (1 << 20);
  return out;
}

/// What one client does over and over: whole streams, cut ones, cached and joined requests, long prompts, bad input.
class client {
public:
  client(std::uint16_t port, std::size_t number) : port_{port}, draw_{number} {}

  void act() {
    switch (draw_() % 6) {
    case 0:
    case 1:
      streamed(port_, draw_() % 40, 16);
      break;
    case 2:
      hang_up();
      break;
    case 3:
      expect(200, R"({"user_input": "What is a tide?", "max_tokens": 12})");
      break;
    case 4: {
      std::string words;
      for (auto i = draw_() % 600; i > 0; --i)
        words += "word ";
      expect(200, R"({"user_input": ")" + words + R"(Say yes.", "max_tokens": 4, "use_cache": false})");
      break;
    }
    case 5:
      expect(400, R"({"user_input": "x", "max_tokens": -1})");
      break;
    }
  }

private:
  void expect(int status, const std::string& body) {
    const auto answer = request(port_, "POST", "/api/v1/inference", body);
    if (answer.status != status)
      throw std::runtime_error("status " + std::to_string(answer.status) + ": " + answer.body);
  }

  void hang_up() {
    http_connection cut{port_};
    cut.send_request("POST", "/v1/chat/completions", body_of_stream(draw_() % 1000, 64), {"Cache-Control: no-store"});
    std::this_thread::sleep_for(std::chrono::milliseconds{draw_() % 800});
    cut.reset();
  }

  std::uint16_t port_;
  std::mt19937_64 draw_;
};

std::chrono::seconds length() {
  const auto* const asked = std::getenv("TROUPE_SOAK_SECONDS");
  return std::chrono::seconds{asked != nullptr ? std::atoi(asked) : 600};
}

bool rests(std::uint16_t port) {
  const auto metrics = json::parse(request(port, "GET", "/metrics").body);
  if (metrics.at("requests_running") != json::value(0) || metrics.at("requests_waiting") != json::value(0))
    return false;
  for (const auto& worker : metrics.at("workers").as_array())
    if (worker.at("kv_blocks_used") != json::value(0) || worker.at("resident_sequences") != json::value(0))
      return false;
  return true;
}

} // namespace

TEST_CASE("descriptors, memory and blocks stay level under mixed load with hang-ups and drills", "[.soak]") {
  const config_file config{two_workers_with_drills};
  server_process server{{"serve", "--port", "0", "--config", config.path()}};
  const auto port = server.wait_until_listening();
  const auto end = steady_clock::now() + length();
  std::atomic<std::size_t> acts = 0;
  std::atomic<std::size_t> complaints = 0;
  std::vector<std::thread> clients;
  for (std::size_t i = 0; i < 16; ++i)
    clients.emplace_back([&, who = client{port, i}]() mutable {
      for (; steady_clock::now() < end; ++acts) {
        try {
          who.act();
        } catch (const std::exception& error) {
          ++complaints;
          std::cerr << error.what() << std::endl;
        }
      }
    });
  std::vector<usage> samples;
  std::size_t drills = 0;
  {
    const drill_sergeant sergeant{port, 4s};
    while (steady_clock::now() < end) {
      std::this_thread::sleep_for(std::min<steady_clock::duration>(10s, end - steady_clock::now() + 1ms));
      samples.push_back(usage_of(server.pid()));
      std::cout << samples.back().descriptors << " descriptors, " << samples.back().resident_mib << " MiB" << std::endl;
    }
    for (auto& x : clients)
      x.join();
    drills = sergeant.carried_out();
  }
  // The last drill's thread may sleep for half a minute yet.
  bool at_rest = false;
  for (int i = 0; i < 400 && !at_rest; ++i, std::this_thread::sleep_for(100ms))
    at_rest = rests(port);
  CHECK(at_rest);
  std::this_thread::sleep_for(35s);
  const auto last = usage_of(server.pid());
  std::cout << acts << " requests, " << drills << " drills, " << complaints << " complaints; at rest "
            << last.descriptors << " descriptors, " << last.resident_mib << " MiB" << std::endl;
  CHECK(complaints == 0);
  // Against the end of the first minute.
  REQUIRE(samples.size() > 6);
  CHECK(last.descriptors <= samples[6].descriptors + 2);
  CHECK(last.resident_mib <= samples[6].resident_mib * 1.1);
  server.signal(SIGTERM);
  CHECK(server.wait(40s) == 0);
}
