#include <catch2/catch.hpp>

#include "http/body.hpp"

using namespace troupe::http;
using namespace std::string_literals;

namespace {

/// 0 when the bytes are a whole body, -1 when more is wanted.
int status_of(std::string_view bytes, const limits& limit = {}) {
  chunked_body body{limit};
  body.take(bytes);
  if (body.error())
    return body.error()->status;
  return body.done() ? 0 : -1;
}

} // namespace

TEST_CASE("a chunked body is the same wherever its bytes are cut") {
  const auto bytes = "5;a=\"b\"\r\nhello\r\n0001\r\n,\r\nA\r\n wide worl\r\n1 \r\n"s;
  const auto good = "5;a=\"b\"\r\nhello\r\n0001\r\n,\r\nA\r\n wide worl\r\n1\r\nd\r\n0\r\nX-T: 1\r\n\r\nrest"s;
  const limits limit;
  for (std::size_t cut = 0; cut <= good.size(); ++cut) {
    chunked_body body{limit};
    std::string input = good.substr(0, cut);
    input.erase(0, body.take(input));
    input += good.substr(cut);
    input.erase(0, body.take(input));
    REQUIRE(body.done());
    CHECK(body.body() == "hello, wide world");
    CHECK(input == "rest");
  }
  CHECK(status_of(bytes) == 400);
}

TEST_CASE("chunks that are not exactly framed are refused") {
  for (const auto& size :
    {"-1"s, "-5"s, "0x5"s, "+5"s, ""s, "g"s, " 5"s, "5 "s, "5 5"s, "1_0"s, "5\0"s, "5;\x01"s, "5,"s}) {
    INFO(size);
    CHECK(status_of(size + "\r\nhello\r\n0\r\n\r\n") == 400);
  }
  for (const auto& size : {"FFFFFFFFFFFFFFFFF"s, "FFFFFFFFFFFFFFFF"s, "7FFFFFFFFFFFFFFF"s, "800001"s}) {
    INFO(size);
    CHECK(status_of(size + "\r\nhello\r\n0\r\n\r\n") == 413);
  }
  CHECK(status_of("5\nhello\r\n0\r\n\r\n") == 400);
  CHECK(status_of("5\r\nhello\n0\r\n\r\n") == 400);
  CHECK(status_of("5\r\nhelloX\r\n0\r\n\r\n") == 400);
  CHECK(status_of("5\r\nhell\r\n0\r\n\r\n") == 400);
  CHECK(status_of("0\n\r\n") == 400);
  CHECK(status_of("0\r\n\n") == 400);
  CHECK(status_of("0\r\nX : 1\r\n\r\n") == 400);
  CHECK(status_of("0\r\n X: 1\r\n\r\n") == 400);
  CHECK(status_of("0\r\n\r\n") == 0);
  CHECK(status_of("5\r\nhello\r\n") == -1);
}

TEST_CASE("a chunked body has limits on bytes, chunks, lines and trailers") {
  limits limit;
  limit.body_bytes = 10;
  CHECK(status_of("A\r\n0123456789\r\n0\r\n\r\n", limit) == 0);
  CHECK(status_of("6\r\n012345\r\n5\r\n", limit) == 413);
  limit.chunk_count = 2;
  CHECK(status_of("1\r\na\r\n1\r\nb\r\n0\r\n\r\n", limit) == 0);
  CHECK(status_of("1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n", limit) == 413);
  CHECK(status_of("1;" + std::string(2000, 'x')) == 400);
  CHECK(status_of(std::string(2000, '0')) == 400);
  limit.header_bytes = 100;
  limit.header_count = 2;
  CHECK(status_of("0\r\nA: 1\r\nB: 2\r\n\r\n", limit) == 0);
  CHECK(status_of("0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", limit) == 431);
  CHECK(status_of("0\r\nA: " + std::string(200, 'x'), limit) == 431);
}
