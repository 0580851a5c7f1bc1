// What a client may take its time for, and how long.
#include <catch2/catch.hpp>

#include "tests/http/running_server.hpp"

using namespace troupe::http;
using namespace troupe::http::test;
using namespace std::chrono_literals;

namespace {

options hurried() {
  auto o = test_options();
  o.limit.header_timeout = 150ms;
  o.limit.body_timeout = 150ms;
  o.limit.idle_timeout = 400ms;
  return o;
}

/// Sends a byte every 20 ms until the server closes; whether it did within two seconds.
bool cut_while_dripping(client& c) {
  for (int i = 0; i < 100; ++i) {
    c.send("a");
    if (c.closed_within(20ms))
      return true;
  }
  return false;
}

} // namespace

TEST_CASE("a head that drips is answered with 408 and cut off, and others are served meanwhile") {
  running_server s{hurried()};
  client c{s.serving.port()};
  c.send("GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ");
  CHECK(s.call(get("/health")).status == 200);
  CHECK(cut_while_dripping(c));
  CHECK(c.rest().starts_with("HTTP/1.1 408 "));
  CHECK(c.rest().find("X-Request-Id") != std::string::npos);
}

TEST_CASE("a body that drips is answered with 408 and cut off") {
  running_server s{hurried()};
  for (const auto* framing : {"Content-Length: 100000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nFFFF\r\n"}) {
    client c{s.serving.port()};
    c.send("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n" + std::string{framing});
    CHECK(cut_while_dripping(c));
    CHECK(c.rest().starts_with("HTTP/1.1 408 "));
  }
}

TEST_CASE("a connection that says nothing is closed without a word, between requests too") {
  running_server s{hurried()};
  client silent{s.serving.port()};
  client used{s.serving.port()};
  used.send(get("/health"));
  CHECK(used.read()->status == 200);
  CHECK(silent.closed_within(2s));
  CHECK(silent.rest().empty());
  CHECK(used.closed_within(2s));
}

TEST_CASE("a request that runs longer than every time limit of the wire is still answered") {
  running_server s{hurried()};
  client c{s.serving.port()};
  c.send(post(chat, hello));
  const auto sink = s.company.request(0).first;
  std::this_thread::sleep_for(600ms);
  s.company.answer(sink, "late");
  CHECK(c.read()->body.find("late") != std::string::npos);
}
