// Bytes on the wire: what every connection keeps to, whatever is asked.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <set>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/http/running_server.hpp"

using namespace troupe;
using namespace troupe::http;
using namespace troupe::http::test;
using namespace std::chrono_literals;

namespace {

bool is_error(const reply& r, int status, std::string_view about = {}) {
  return r.status == status && r.field("content-type") == "application/json" &&
    r.body.starts_with(R"({"error":{"message":)") && r.body.find(about) != std::string::npos;
}

} // namespace

TEST_CASE("every answer has an id of its own and its time") {
  running_server s;
  std::set<std::string> ids;
  const std::vector<std::string> requests{get("/health"), get("/nope"), get("/v1/models"), get("/health"),
    "PUT /health HTTP/1.1\r\nHost: x\r\n\r\n", "GET /health HTTP/1.1\r\nHost : x\r\n\r\n", "\x01", post(chat, "{}")};
  for (const auto& request : requests) {
    const auto r = s.call(request);
    INFO(request);
    CHECK(r.field("x-request-id").size() == 32);
    CHECK(r.field("x-process-time").size() >= 8);
    CHECK(r.field("access-control-allow-origin") == "*");
    CHECK(r.has("content-length"));
    ids.insert(r.field("x-request-id"));
  }
  CHECK(ids.size() == requests.size());
}

TEST_CASE("bytes that are no request get one answer, and the connection closes") {
  running_server s;
  const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string head = "POST /v1/completions HTTP/1.1\r\nHost: x\r\n";
  const std::vector<std::pair<std::string, int>> table{
    {head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, 400},
    {head + "Transfer-Encoding: gzip\r\n\r\nabc", 501},
    {head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400},
    {head + "X-A: b\r\n Content-Length: 5\r\n\r\nhello", 400},
    {head + "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n" + smuggled, 400},
    {head + "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n" + smuggled, 400},
    {"POST /v1/completions HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
        smuggled,
      400},
    {"GET /health HTTP/1.1\nHost: x\n\n", 400},
    {"GET /health HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n", 400},
    {"GET /health HTTP/1.1\r\n Host: x\r\n\r\n", 400},
    {"GET /health HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
    {"GET /health HTTP/1.1\r\nHost: x\r\nX-Big: " + std::string(256 << 10, 'a') + "\r\n\r\n", 431},
    {"GET /" + std::string(256 << 10, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414},
    {head + "Content-Length: 10737418240\r\n\r\n{", 413},
  };
  for (const auto& [bytes, status] : table) {
    INFO(bytes.substr(0, 120));
    client c{s.serving.port()};
    c.send(bytes);
    const auto r = c.read();
    REQUIRE(r);
    CHECK(is_error(*r, status));
    CHECK(r->field("connection") == "close");
    CHECK(c.closed_within(1s));
    CHECK(c.rest().empty());
  }
  CHECK(s.call(get("/health")).status == 200);
  CHECK(s.company.request_count() == 0);
}

TEST_CASE("one connection takes many requests, byte by byte or all at once, and answers in order") {
  running_server s;
  client c{s.serving.port()};
  for (char byte : get("/health")) {
    c.send({&byte, 1});
  }
  CHECK(c.read()->status == 200);
  c.send(get("/health") + "\r\n" + get("/nope") + get("/v1/models") +
    post("/health", "GET /smuggled HTTP/1.1\r\n\r\n") + post(chat, "{}") + get("/health/live"));
  CHECK(c.read()->status == 200);
  CHECK(is_error(*c.read(), 404, "/nope"));
  CHECK(c.read()->body.find("\"org/large\"") != std::string::npos);
  const auto wrong = c.read();
  CHECK(is_error(*wrong, 405));
  CHECK(wrong->field("allow") == "GET, HEAD, OPTIONS");
  CHECK(is_error(*c.read(), 400, "model"));
  CHECK(c.read()->body == R"({"status":"alive"})");
}

TEST_CASE("HEAD gets the head alone, OPTIONS what is allowed, and absolute targets their path") {
  running_server s;
  client c{s.serving.port()};
  c.send("HEAD /v1/models HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto head = c.read(true);
  CHECK(head->status == 200);
  CHECK(std::stoul(head->field("content-length")) > 50);
  c.send("OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: x\r\nOrigin: http://app.example\r\n\r\n");
  const auto preflight = c.read();
  CHECK(preflight->status == 204);
  CHECK(preflight->field("access-control-allow-methods") == "POST, OPTIONS");
  CHECK(preflight->field("access-control-allow-headers").find("Authorization, Content-Type") == 0);
  CHECK_FALSE(preflight->has("access-control-allow-credentials"));
  CHECK_FALSE(preflight->has("content-length"));
  c.send("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(c.read()->status == 204);
  c.send("GET http://x/health/live?a=b HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(c.read()->status == 200);
  c.send(get("/"));
  CHECK(c.read()->field("content-type") == "text/html; charset=utf-8");
  c.send(get("/v1/models/org%2Flarge"));
  CHECK(c.read()->body.find(R"("id":"org/large")") != std::string::npos);
  c.send(get("/v1/models/nope"));
  CHECK(is_error(*c.read(), 404, "model_not_found"));
}

TEST_CASE("a body that is awaited is asked for, and not when it will not be read") {
  running_server s;
  client c{s.serving.port()};
  c.send("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CHECK(c.read()->status == 100);
  c.send("{}");
  CHECK(c.read()->status == 400);
  c.send("POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CHECK(c.read()->status == 404);
  CHECK(c.closed_within(1s));
}

TEST_CASE("a chunked body is one body") {
  running_server s;
  client c{s.serving.port()};
  c.send("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n5;q=\"a\"\r\n{\"bad\r\n");
  c.send("4\r\n\":1}\r\n0\r\nX-Trailer: 1\r\n\r\n" + get("/health/live"));
  CHECK(is_error(*c.read(), 400));
  CHECK(c.read()->status == 200);
}

TEST_CASE("a client's wish to close is honoured, and HTTP/1.0 closes by itself") {
  running_server s;
  for (const auto& request : {get("/health", "Connection: close\r\n"), std::string{"GET /health HTTP/1.0\r\n\r\n"}}) {
    client c{s.serving.port()};
    c.send(request);
    const auto r = c.read();
    CHECK(r->status == 200);
    CHECK(r->field("connection") == "close");
    CHECK(c.closed_within(1s));
  }
  client c{s.serving.port()};
  c.send("GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(c.read()->field("connection") == "keep-alive");
  c.send("GET /health HTTP/1.0\r\n\r\n");
  CHECK(c.read()->status == 200);
}

TEST_CASE("a client that has said all it will say is still answered") {
  running_server s;
  client c{s.serving.port()};
  c.send(get("/health") + get("/metrics"));
  c.half_close();
  CHECK(c.read()->status == 200);
  CHECK(c.read()->status == 200);
  CHECK(c.closed_within(1s));
}

TEST_CASE("operators see health, readiness and metrics, and what a silent company means") {
  running_server s;
  CHECK(s.call(get("/health")).body.find(R"("status":"ok")") != std::string::npos);
  CHECK(s.call(get("/health/ready")).status == 200);
  CHECK(s.call(get("/metrics", "Accept: */*\r\n")).body.find(R"("requests_running":0)") != std::string::npos);
  CHECK(s.call(post("/cache/clear", "")).body == R"({"status":"cleared","removed":4})");
  s.company.status.workers[0].state = worker_state::failed;
  CHECK(s.call(get("/health/ready")).status == 503);
  s.company.silent = true;
  const auto silent = s.call(get("/health"));
  CHECK(silent.status == 503);
  CHECK(silent.body.find("unresponsive") != std::string::npos);
  CHECK(is_error(s.call(get("/metrics")), 503));
}

TEST_CASE("an address that cannot be had is told with host, port and reason") {
  running_server s;
  auto o = test_options();
  o.port = s.serving.port();
  fake_company company;
  server second{o, real_environment(), company.factory()};
  CHECK_THROWS_WITH(second.bind(), "cannot listen on 127.0.0.1:" + std::to_string(o.port) + ": Address already in use");
  o.host = "no such host";
  server third{o, real_environment(), company.factory()};
  CHECK_THROWS_WITH(third.bind(), Catch::Contains("no such host"));
}

TEST_CASE("connections over the limit are turned away, and are taken again when there is room") {
  auto o = test_options();
  o.limit.connections = 2;
  running_server s{o};
  {
    client a{s.serving.port()};
    client b{s.serving.port()};
    a.send(get("/health"));
    b.send(get("/health"));
    CHECK(a.read()->status == 200);
    CHECK(b.read()->status == 200);
    client c{s.serving.port()};
    CHECK(is_error(*c.read(), 503, "too many connections"));
  }
  for (int i = 0; i < 100 && s.serving.connections() != 0; ++i)
    std::this_thread::sleep_for(10ms);
  CHECK(s.call(get("/health")).status == 200);
}

TEST_CASE("a server without descriptors takes connections again when there are some") {
  running_server s;
  CHECK(s.call(get("/health")).status == 200);
  for (int i = 0; i < 300 && s.serving.connections() != 0; ++i)
    std::this_thread::sleep_for(10ms);
  client waiting{s.serving.port()};
  waiting.send(get("/health"));
  CHECK(waiting.read()->status == 200);
  // The limit is put where the next descriptor would be.
  const int next = ::open("/dev/null", O_RDONLY);
  ::close(next);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  client late{s.serving.port()};
  rlimit low = before;
  low.rlim_cur = static_cast<rlim_t>(next);
  std::this_thread::sleep_for(50ms);
  setrlimit(RLIMIT_NOFILE, &low);
  waiting.send(get("/health"));
  CHECK(waiting.read()->status == 200);
  setrlimit(RLIMIT_NOFILE, &before);
  late.send(get("/health"));
  CHECK(late.read()->status == 200);
}

TEST_CASE("a draining server is not ready, closes idle connections, and ends when the last has gone") {
  running_server s;
  client idle{s.serving.port()};
  idle.send(get("/health"));
  CHECK(idle.read()->status == 200);
  client busy{s.serving.port()};
  busy.send(post(chat, hello));
  const auto sink = s.company.request(0).first;
  REQUIRE(sink != 0);
  s.serving.begin_drain();
  CHECK(idle.closed_within(1s));
  const auto ready = s.call(get("/health/ready"));
  CHECK(ready.status == 503);
  CHECK(ready.body == R"({"status":"draining"})");
  CHECK(ready.field("connection") == "close");
  std::thread closing{[&] { s.serving.close(5s); }};
  s.company.answer(sink, "done");
  CHECK(busy.read()->body.find("done") != std::string::npos);
  closing.join();
  CHECK(s.serving.connections() == 0);
}

TEST_CASE("a server that closes at once gives its requests up") {
  running_server s;
  client c{s.serving.port()};
  c.send(post(chat, hello));
  const auto sink = s.company.request(0).first;
  REQUIRE(sink != 0);
  s.serving.close(0s);
  CHECK(s.company.detached(sink) == detach_reason::shutdown);
  CHECK_FALSE(c.read());
}
