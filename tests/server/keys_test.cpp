// A running server lets its tenants in, keeps them apart, writes down who came, and takes in other keys.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <unistd.h>

#include "tests/support/http_client.hpp"
#include "tests/support/server_process.hpp"

namespace {

using namespace troupe::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// SHA-256 of `sk-one`, `sk-two` and `sk-three`.
const std::string one = "456f1612bd25c6c8455039437bf441f43aa3b7d1c0b0047c712d5036dfebef0d";
const std::string two = "5e31278545505db1d65bf1dd696e8eaa1edfb00ba455e21c83200c04ef643c91";
const std::string three = "46a984dc35ca7ed367d757cabce512099305ce4fc48535c8211d56bab8a495af";

/// A folder with a config and its keys, as long as the object lives.
struct keyed_config {
  fs::path folder = fs::temp_directory_path() / ("troupe-keys-test-" + std::to_string(::getpid()));

  keyed_config() {
    fs::create_directories(folder);
    write("x.toml",
      "[auth]\nkeys = \"keys.toml\"\n[audit]\nfile = \"" + audit() +
        "\"\n[[worker]]\nthreads = 1\nkv_bytes = \"64MiB\"\n");
  }
  ~keyed_config() { fs::remove_all(folder); }
  keyed_config(const keyed_config&) = delete;
  keyed_config& operator=(const keyed_config&) = delete;

  std::string audit() const { return (folder / "audit").string(); }
  void write(const std::string& name, const std::string& text) const { std::ofstream{folder / name} << text; }
};

std::string key(const std::string& name, const std::string& sha256, const std::string& more = {}) {
  return "[[key]]\nname = \"" + name + "\"\nsha256 = \"" + sha256 + "\"\n" + more;
}

} // namespace

TEST_CASE("tenants share no cached answer, are limited each by itself, and change at a reload") {
  const keyed_config config;
  config.write("keys.toml", key("one", one, "requests_per_minute = 3\n") + key("two", two, "admin = true\n"));
  server_process server{{"serve", "--port", "0", "--config", (config.folder / "x.toml").string()}};
  const auto port = server.wait_until_listening();
  const auto ask = [port](const std::string& secret) {
    return request(port, "POST", "/v1/chat/completions",
      R"({"model":"default","messages":[{"role":"user","content":"Say hi."}],"max_tokens":4,"temperature":0})",
      {"Authorization: Bearer " + secret});
  };
  const auto first = ask("sk-one");
  CHECK(first.status == 200);
  CHECK(first.headers.at("x-cache") == "miss");
  CHECK(first.headers.at("x-ratelimit-remaining-requests") == "2");
  CHECK(ask("sk-two").headers.at("x-cache") == "miss");
  CHECK(ask("sk-one").headers.at("x-cache") == "hit");
  CHECK(ask("sk-two").headers.count("x-ratelimit-limit-requests") == 0);
  CHECK(ask("sk-one").status == 200);
  const auto limited = ask("sk-one");
  CHECK(limited.status == 429);
  CHECK(limited.headers.count("retry-after") == 1);
  CHECK(ask("sk-three").status == 401);

  config.write("keys.toml", key("two", two, "admin = true\n") + key("three", three));
  CHECK(request(port, "POST", "/admin/reload", "", {"Authorization: Bearer sk-two"}).status == 200);
  CHECK(ask("sk-one").status == 401);
  CHECK(ask("sk-three").status == 200);
  config.write("keys.toml", key("three", "no digest"));
  const auto refused = request(port, "POST", "/admin/reload", "", {"Authorization: Bearer sk-two"});
  CHECK(refused.status == 400);
  CHECK(refused.body.find("sha256 must be") != std::string::npos);
  CHECK(ask("sk-two").status == 200);
  config.write("keys.toml", key("one", one));
  server.signal(SIGHUP);
  auto status = 401;
  for (int i = 0; i < 50 && status == 401; ++i, std::this_thread::sleep_for(100ms))
    status = ask("sk-one").status;
  CHECK(status == 200);

  std::ifstream lines{config.audit()};
  std::string line;
  REQUIRE(std::getline(lines, line));
  const auto entry = boost::json::parse(line);
  CHECK(entry.at("tenant") == "one");
  CHECK(entry.at("completion_tokens").to_number<int>() > 0);
  CHECK(line.find("Say hi") == std::string::npos);
}

TEST_CASE("without keys an address that other machines reach is refused, unless anybody may come in") {
  server_process refused{{"serve", "--port", "0", "--host", "0.0.0.0"}};
  CHECK(refused.wait(60s) == 2);
  CHECK(refused.output().find("cannot listen on 0.0.0.0") != std::string::npos);
  CHECK(refused.output().find("--allow-anonymous") != std::string::npos);
  CHECK(refused.output().find('\n') == refused.output().size() - 1);
}
