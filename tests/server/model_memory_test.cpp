// Models that come into memory when they are asked for, and leave it.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <limits>
#include <string>
#include <thread>

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/support/config_file.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/server_process.hpp"

namespace {

using namespace troupe::test;
using namespace std::chrono_literals;
namespace json = boost::json;
namespace fs = std::filesystem;

const std::string path = "path = \"models/SmolLM2-135M-Instruct.Q4_1.gguf\"\ndtype = \"bfloat16\"\n";

std::string model(const std::string& name, const std::string& more = {}) {
  return "[[model]]\nname = \"" + name + "\"\n" + path + more;
}
std::string worker(const std::string& name) {
  return "[[worker]]\nmodel = \"" + name + "\"\nthreads = 1\nkv_bytes = \"32MiB\"\n";
}

json::object question(const std::string& model, int tokens = 2) {
  return {{"model", model}, {"max_tokens", tokens}, {"ignore_eos", true}, {"temperature", 0},
    {"messages", json::array{json::object{{"role", "user"}, {"content", "Say something."}}}}};
}
http_response ask(std::uint16_t port, const json::object& body) {
  return request(port, "POST", "/v1/chat/completions", json::serialize(body), {"Cache-Control: no-store"});
}

std::string state_of(std::uint16_t port, const std::string& model) {
  const auto health = json::parse(request(port, "GET", "/health").body);
  for (const auto& worker : health.at("workers").as_array())
    if (worker.at("model") == json::value(model))
      return worker.at("state").as_string().c_str();
  return "not there";
}
bool comes_to_be(std::uint16_t port, const std::string& model, const std::string& state) {
  for (int i = 0; i < 300; ++i, std::this_thread::sleep_for(100ms))
    if (state_of(port, model) == state)
      return true;
  return false;
}

/// Resident memory, in MiB.
std::size_t memory_of(pid_t pid) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string word; status >> word;)
    if (word == "VmRSS:") {
      std::size_t kib = 0;
      status >> kib;
      return kib / 1024;
    }
  return 0;
}
std::size_t entries_of(pid_t pid, const char* folder) {
  const auto all = fs::directory_iterator{"/proc/" + std::to_string(pid) + "/" + folder};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// Its open descriptors once those of connections that have ended are closed: the least of some looks.
std::size_t descriptors_of(pid_t pid) {
  auto least = entries_of(pid, "fd");
  for (int i = 0; i < 20; ++i, std::this_thread::sleep_for(50ms))
    least = std::min(least, entries_of(pid, "fd"));
  return least;
}

/// Has two models that do not fit beside each other come and go by turns, and looks at what is left of each.
void take_turns(int turns) {
  const config_file config{"[memory]\nbudget = \"500MiB\"\n" + model("one", "load = \"on-demand\"\n") +
    model("two", "load = \"on-demand\"\n") + worker("one") + worker("two")};
  server_process server{{"serve", "--port", "0", "--config", config.path()}};
  const auto port = server.wait_until_listening();
  // What a loaded model's steps leave to the allocator differs from turn to turn: the most of some is a bound, and the
  // least of some must lie within it.
  std::size_t least = 0;
  std::size_t most = 0;
  const auto take = [&](int count) {
    least = std::numeric_limits<std::size_t>::max();
    most = 0;
    for (int i = 0; i < count; ++i) {
      const auto answer = ask(port, question(i % 2 == 0 ? "one" : "two"));
      REQUIRE(answer.status == 200);
      least = std::min(least, memory_of(server.pid()));
      most = std::max(most, memory_of(server.pid()));
    }
  };
  take(8);
  const auto bound = most + 32;
  const auto files = descriptors_of(server.pid());
  const auto threads = entries_of(server.pid(), "task");
  const auto begin = std::chrono::steady_clock::now();
  take(turns - 16);
  take(8);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  INFO(turns << " turns of " << took.count() / turns << " s, " << least << " MiB, bound " << bound << " MiB");
  CHECK(least <= bound);
  CHECK(descriptors_of(server.pid()) <= files);
  CHECK(entries_of(server.pid(), "task") <= threads);
}

} // namespace

TEST_CASE(
  "a stream that asks for a model on demand is kept open while it loads, and the model leaves when it is idle") {
  const config_file config{"[http]\nstream_keep_alive = \"100ms\"\n" + model("first") +
    model("later", "load = \"on-demand\"\nidle = \"1s\"\n") + worker("first") + worker("later")};
  server_process server{{"serve", "--port", "0", "--config", config.path()}};
  const auto port = server.wait_until_listening();
  CHECK(state_of(port, "later") == "unloaded");
  CHECK(json::parse(request(port, "GET", "/health").body).at("status") == "ok");
  CHECK(json::parse(request(port, "GET", "/v1/models").body).at("data").as_array().size() == 2);
  const auto first = json::parse(ask(port, question("first", 8)).body).at_pointer("/choices/0/message/content");

  auto streamed = question("later", 8);
  streamed["stream"] = true;
  const auto stream = ask(port, streamed);
  CHECK(stream.status == 200);
  CHECK(event_data(stream.body).back() == "[DONE]");
  CHECK(stream.body.find(": keep-alive\n") != std::string::npos);
  CHECK(json::parse(ask(port, question("later", 8)).body).at_pointer("/choices/0/message/content") == first);
  CHECK(comes_to_be(port, "later", "unloaded"));
  CHECK(ask(port, question("later")).status == 200);
  CHECK(state_of(port, "first") == "ready");
}

TEST_CASE("a model that does not fit beside a pinned one is a 503 that says who holds the memory") {
  const config_file config{"[memory]\nbudget = \"500MiB\"\n" + model("keeper", "pin = true\n") +
    model("other", "load = \"on-demand\"\n") + worker("keeper") + worker("other")};
  server_process server{{"serve", "--port", "0", "--config", config.path()}};
  const auto port = server.wait_until_listening();
  for (int i = 0; i < 2; ++i) {
    const auto refused = ask(port, question("other"));
    CHECK(refused.status == 503);
    const auto error = json::parse(refused.body).at("error");
    CHECK(error.at("code") == "no_worker");
    const std::string message{error.at("message").as_string()};
    CHECK(message.find("'other'") != std::string::npos);
    CHECK(message.find("MiB of memory; the budget is 500.0 MiB, of which pinned models hold: 'keeper'") !=
      std::string::npos);
    // Nobody knows when that changes.
    CHECK_FALSE(refused.headers.contains("retry-after"));
  }
  CHECK(ask(port, question("keeper")).status == 200);
}

TEST_CASE("what is there from the start must fit into the budget, or the program ends with the numbers") {
  const config_file config{
    "[memory]\nbudget = \"500MiB\"\n" + model("one") + model("two") + worker("one") + worker("two")};
  server_process server{{"serve", "--port", "0", "--config", config.path()}};
  CHECK(server.wait(60s) == 2);
  CHECK(server.output().find("memory.budget must hold all models that are loaded at the start ('one'") !=
    std::string::npos);
}

TEST_CASE("tokens of one model flow while another one loads") {
  const config_file config{
    model("first") + model("later", "load = \"on-demand\"\n") + worker("first") + worker("later")};
  server_process server{{"serve", "--port", "0", "--config", config.path()}};
  const auto port = server.wait_until_listening();
  http_connection client{port};
  auto streamed = question("first", 400);
  streamed["stream"] = true;
  client.send_request("POST", "/v1/chat/completions", json::serialize(streamed), {"Cache-Control: no-store"});
  REQUIRE(client.read_head().status == 200);
  for (int i = 0; i < 3; ++i)
    REQUIRE(client.read_chunk());
  auto other = std::async(std::launch::async, [&] { return ask(port, question("later")).status; });
  auto longest = 0ms;
  std::size_t chunks = 0;
  while (other.wait_for(0ms) != std::future_status::ready) {
    const auto before = std::chrono::steady_clock::now();
    REQUIRE(client.read_chunk());
    ++chunks;
    longest = std::max(
      longest, std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - before));
  }
  INFO(chunks << " chunks, the longest wait " << longest.count() << " ms");
  CHECK(other.get() == 200);
  CHECK(chunks >= 3);
}

TEST_CASE("models that come and go by turns leave memory, descriptors and threads level") {
  take_turns(20);
}

TEST_CASE("200 loads and unloads in a row leave memory, descriptors and threads level", "[.slow]") {
  take_turns(200);
}
