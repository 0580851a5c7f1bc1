#include <catch2/catch.hpp>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <unistd.h>

#include "app/bench.hpp"
#include "tests/bench/loopback_server.hpp"

using namespace troupe::test;
using Catch::Contains;

namespace {

/// What the command printed and returned.
struct outcome {
  int status = -1;
  std::string out;
};

outcome bench(const std::string& arguments) {
  CLI::App program;
  troupe::app::bench_arguments parsed;
  troupe::app::add_bench_command(program, parsed);
  program.parse("bench " + arguments);
  std::ostringstream captured;
  std::streambuf* const before = std::cout.rdbuf(captured.rdbuf());
  outcome result;
  try {
    result.status = troupe::app::bench(parsed);
  } catch (...) {
    std::cout.rdbuf(before);
    throw;
  }
  std::cout.rdbuf(before);
  result.out = captured.str();
  return result;
}

scripted_reply answer(const seen_request&) {
  return json_reply(R"({"response":"x","metadata":{"cache_hit":false,"completion_tokens":2}})");
}

/// A file's path that nobody else uses, removed at the end.
struct temporary_file {
  std::string path = (std::filesystem::temp_directory_path() / ("troupe_bench_" + std::to_string(::getpid()))).string();
  ~temporary_file() { std::filesystem::remove(path); }
};

} // namespace

TEST_CASE("a bench that passes prints its table and ends with 0") {
  const loopback_server server{answer};
  const outcome result = bench(server.url() + " --requests 3 --objective 60 --max-tokens 5 --seed 11");
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Contains("sequential") && Contains("cached") && Contains("concurrent") && Contains("PASS"));
  CHECK_THAT(result.out, Contains("at most 5 tokens each, seed 11, 1 warm-up") && !Contains("FAIL"));
  CHECK(server.requests().size() == 13);
}

TEST_CASE("a missed objective ends with 1") {
  const loopback_server server{answer};
  const outcome result = bench(server.url() + " --requests 2 --scenario concurrent --objective 0.000001");
  CHECK(result.status == 1);
  CHECK_THAT(result.out, Contains("FAIL"));
}

TEST_CASE("a failed request ends with 1, whatever the objective") {
  const loopback_server server{[n = std::make_shared<std::atomic<int>>(0)](const seen_request& request) {
    return ++*n == 1 ? json_reply("{}", "500 Internal Server Error") : answer(request);
  }};
  const outcome result = bench(server.url() + " --requests 3 --scenario sequential --objective 60 --warmup 0");
  CHECK(result.status == 1);
  CHECK_THAT(result.out, Contains("PASS") && Contains("sequential: 1 failed: HTTP 500"));
}

TEST_CASE("an interrupted bench reports what it has and ends with 130") {
  const loopback_server server{[n = std::make_shared<std::atomic<int>>(0)](const seen_request& request) {
    if (++*n == 4)
      ::raise(SIGINT);
    return *n < 4 ? answer(request) : scripted_reply{{}, scripted_reply::ending::hang};
  }};
  const outcome result = bench(server.url() + " --requests 5 --objective 60");
  CHECK(result.status == 130);
  CHECK_THAT(result.out, Contains("sequential: interrupted with 2 done") && !Contains("concurrent"));
}

TEST_CASE("the report goes to a file") {
  const loopback_server server{answer};
  const temporary_file file;
  std::ofstream{file.path} << "an old report that is longer than the new one will be " << std::string(5000, 'x');
  CHECK(bench(server.url() + " --requests 1 --objective 60 --json " + file.path).status == 0);
  std::stringstream text;
  text << std::ifstream{file.path}.rdbuf();
  CHECK(boost::json::parse(text.str()).as_object().at("passed").as_bool());
}

TEST_CASE("nothing is asked where the arguments do not hold") {
  const loopback_server server{answer};
  CHECK_THROWS_WITH(bench("https://localhost"), Contains("TLS is not supported"));
  CHECK_THROWS_WITH(bench(server.url() + " --requests 0"), Contains("--requests must be between"));
  CHECK_THROWS_WITH(
    bench(server.url() + " --json /no/such/folder/report.json"), "--json: cannot write /no/such/folder/report.json");
  CHECK_THROWS_AS(bench(""), CLI::ParseError);
  CHECK_THROWS_AS(bench(server.url() + " --requests many"), CLI::ParseError);
  CHECK_THROWS_AS(bench(server.url() + " --burst"), CLI::ParseError);
  CHECK(server.requests().empty());
}

TEST_CASE("a server that is not there is one clear line") {
  CHECK_THROWS_WITH(
    bench("http://127.0.0.1:" + std::to_string(closed_port())), Contains("cannot reach http://127.0.0.1:"));
}
