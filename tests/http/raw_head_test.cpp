#include <catch2/catch.hpp>

#include "http/head.hpp"
#include "http/raw_head.hpp"

using namespace troupe::http;
using namespace std::string_literals;

namespace {

/// 0 when the head holds.
int status_of(std::string_view head, const limits& limit = {}) {
  const auto scan = scan_head(head, 0, limit);
  if (scan.error)
    return scan.error->status;
  if (!scan.size)
    return -1;
  const auto checked = check_head(head.substr(0, *scan.size), limit);
  const auto* error = std::get_if<wire_error>(&checked);
  return error == nullptr ? 0 : error->status;
}

std::string with(std::string_view fields, std::string_view line = "POST /x HTTP/1.1") {
  return std::string{line} + "\r\nHost: a\r\n" + std::string{fields} + "\r\n";
}

head_facts facts_of(std::string_view head) {
  return std::get<head_facts>(check_head(head, {}));
}

} // namespace

TEST_CASE("what frames a message twice, or not as the RFC wants it, is refused") {
  struct row {
    std::string fields;
    int status;
  };
  const std::vector<row> table{
    {"Content-Length: 5\r\n", 0},
    {"content-length:5\r\n", 0},
    {"Content-Length: 5\r\nContent-Length: 6\r\n", 400},
    {"Content-Length: 5\r\nContent-Length: 5\r\n", 400},
    {"Content-Length: 5, 5\r\n", 400},
    {"Content-Length: -5\r\n", 400},
    {"Content-Length: +5\r\n", 400},
    {"Content-Length: 0x5\r\n", 400},
    {"Content-Length:\r\n", 400},
    {"Content-Length: 5 5\r\n", 400},
    {"Content-Length: 10737418240\r\n", 413},
    {"Content-Length: 99999999999999999999999\r\n", 413},
    {"Transfer-Encoding: chunked\r\n", 0},
    {"Transfer-Encoding: CHUNKED\r\n", 0},
    {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400},
    {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400},
    {"Transfer-Encoding: gzip\r\n", 501},
    {"Transfer-Encoding: xchunked\r\n", 501},
    {"Transfer-Encoding: chunked, identity\r\n", 501},
    {"Transfer-Encoding: gzip, chunked\r\n", 501},
    {"Transfer-Encoding: \"chunked\"\r\n", 501},
    {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
    {"Transfer-Encoding:\r\n", 501},
    {"Host: b\r\n", 400},
    {"Expect: 100-continue\r\n", 0},
    {"Expect: a-pony\r\n", 417},
  };
  for (const auto& r : table) {
    INFO(r.fields);
    CHECK(status_of(with(r.fields)) == r.status);
  }
  CHECK(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.0\r\n\r\n") == 0);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a b\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n") == 400);
}

TEST_CASE("header lines are taken as the RFC writes them and not otherwise") {
  const std::vector<std::pair<std::string, int>> table{
    {"X-A: b\r\n", 0},
    {"X-A:b\r\n", 0},
    {"X-A: \t b \t\r\n", 0},
    {"X-A:\r\n", 0},
    {"X-A: \xC3\xA4\r\n", 0},
    {"X-A : b\r\n", 400},
    {"X A: b\r\n", 400},
    {": b\r\n", 400},
    {"X-A\r\n", 400},
    {" X-A: b\r\n", 400},
    {"X-A: b\r\n c\r\n", 400},
    {"X-A: b\r\n\tc\r\n", 400},
    {"X-A: a\0b\r\n"s, 400},
    {"X-A: a\x01"
     "b\r\n",
      400},
    {"X-A: a\x7F"
     "b\r\n",
      400},
    {"X-A: a\rb\r\n", 400},
    {"X-\xC3\xA4: b\r\n", 400},
    {"X-A: b\n", 400},
  };
  for (const auto& [fields, status] : table) {
    INFO(fields);
    CHECK(status_of(with(fields)) == status);
  }
}

TEST_CASE("request lines are taken as the RFC writes them and not otherwise") {
  const std::vector<std::pair<std::string, int>> table{
    {"GET /a?b=c HTTP/1.1", 0},
    {"GET http://a/b HTTP/1.1", 0},
    {"OPTIONS * HTTP/1.1", 0},
    {"GET * HTTP/1.1", 400},
    {"GET a HTTP/1.1", 400},
    {"GET  /a HTTP/1.1", 400},
    {"GET /a  HTTP/1.1", 400},
    {"GET /a b HTTP/1.1", 400},
    {"GET /a", 400},
    {"GET /\xC3\xA4 HTTP/1.1", 400},
    {"GET /a HTTP/1.2", 505},
    {"GET /a HTTP/2.0", 505},
    {"GET /a HTTP/11", 400},
    {"GET /a http/1.1", 400},
    {"GET /a HTTP/1.1 ", 400},
    {"get /a HTTP/1.1", 501},
    {"BREW /a HTTP/1.1", 501},
    {"TRACE /a HTTP/1.1", 0},
    {"QUERY /a HTTP/1.1", 0},
    {"CONNECT a:1 HTTP/1.1", 501},
    {"G(T /a HTTP/1.1", 400},
    {"GET /" + std::string(8192, 'a') + " HTTP/1.1", 414},
    {"GET /" + std::string(8191, 'a') + " HTTP/1.1", 0},
  };
  for (const auto& [line, status] : table) {
    INFO(line.substr(0, 60));
    CHECK(status_of(with("", line)) == status);
  }
  CHECK(status_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == 505);
}

TEST_CASE("a head that is too large is refused before it has ended") {
  limits limit;
  limit.header_bytes = 1000;
  limit.url_bytes = 200;
  CHECK(status_of("GET /" + std::string(300, 'a'), limit) == 414);
  CHECK(status_of("GET / HTTP/1.1\r\nX: " + std::string(1000, 'a'), limit) == 431);
  CHECK(status_of("GET / HTTP/1.1\r\nX: " + std::string(100, 'a'), limit) == -1);
  limit.header_count = 3;
  CHECK(status_of(with("A: 1\r\nB: 2\r\n"), limit) == 0);
  CHECK(status_of(with("A: 1\r\nB: 2\r\nC: 3\r\n"), limit) == 431);
}

TEST_CASE("a head is found the same wherever its bytes are cut") {
  const auto head = with("X-A: b\r\n");
  const auto bytes = head + "GET / HTTP/1.1\r\n";
  for (std::size_t cut = 1; cut < head.size(); ++cut) {
    const auto first = scan_head(std::string_view{bytes}.substr(0, cut), 0, {});
    REQUIRE(!first.size);
    REQUIRE(!first.error);
    const auto second = scan_head(bytes, cut, {});
    CHECK(second.size == head.size());
  }
  // The longest line: its end may stand between CR and LF.
  limits limit;
  limit.url_bytes = 200;
  const std::string longest(limit.url_bytes + 32, 'a');
  CHECK_FALSE(scan_head(longest + "\r", 0, limit).error);
  CHECK_FALSE(scan_head(longest + "\r\n", longest.size() + 1, limit).error);
  CHECK(scan_head(longest + "a\r", 0, limit).error->status == 414);
  CHECK(scan_head("GET / HTTP/1.1\n", 0, {}).error->status == 400);
  CHECK(scan_head("\x16\x03\x01", 0, {}).error->status == 400);
  CHECK(scan_head("\n", 0, {}).error->status == 400);
}

TEST_CASE("a connection is kept by HTTP/1.1 and closed by HTTP/1.0 unless its client says otherwise") {
  CHECK(facts_of(with("")).keep_alive);
  CHECK_FALSE(facts_of(with("Connection: close\r\n")).keep_alive);
  CHECK_FALSE(facts_of(with("Connection: x, Close\r\n")).keep_alive);
  CHECK_FALSE(facts_of("GET / HTTP/1.0\r\n\r\n").keep_alive);
  CHECK(facts_of("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
  CHECK(facts_of("GET / HTTP/1.0\r\n\r\n").minor == 0);
  CHECK(facts_of(with("Content-Length: 12\r\n")).length == 12);
  CHECK(facts_of(with("Content-Length: 2\r\nExpect: 100-Continue\r\n")).expects_continue);
  CHECK_FALSE(facts_of(with("Expect: 100-continue\r\n")).expects_continue);
}

TEST_CASE("a head that holds is parsed into its parts") {
  const auto r =
    parse_head("POST http://a:1/b/c?d=e#f HTTP/1.1\r\nHost: a:1\r\nCache-Control: max-age=0, No-Store\r\nX: y\r\n\r\n");
  REQUIRE(r);
  CHECK(r->method == "POST");
  CHECK(r->path == "/b/c");
  CHECK(r->query == "d=e");
  CHECK(r->field("x") == "y");
  CHECK(r->field_has("cache-control", "no-store"));
  CHECK_FALSE(r->field_has("cache-control", "no-cache"));
  CHECK(parse_head("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n")->path == "/");
  CHECK(percent_decoded("a%2Fb%20c") == "a/b c");
  CHECK_FALSE(percent_decoded("a%2"));
  CHECK_FALSE(percent_decoded("a%00"));
  CHECK_FALSE(percent_decoded("%zz"));
}
