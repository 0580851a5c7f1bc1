#include <catch2/catch.hpp>

#include "bench/url.hpp"

using namespace troupe::bench;
using Catch::Contains;

TEST_CASE("an URL is taken apart") {
  const server_url plain = parse_url("http://localhost:8000");
  CHECK(plain.host == "localhost");
  CHECK(plain.port == "8000");
  CHECK(plain.authority == "localhost:8000");
  CHECK(plain.prefix.empty());

  const server_url full = parse_url("HTTP://example.org/models/a//");
  CHECK(full.host == "example.org");
  CHECK(full.port == "80");
  CHECK(full.authority == "example.org");
  CHECK(full.prefix == "/models/a");
}

TEST_CASE("an IPv6 address loses its brackets, but not in the Host header") {
  const server_url with_port = parse_url("http://[::1]:8000/");
  CHECK(with_port.host == "::1");
  CHECK(with_port.port == "8000");
  CHECK(with_port.authority == "[::1]:8000");
  CHECK(with_port.prefix.empty());
  CHECK(parse_url("http://[fe80::2]").port == "80");
}

TEST_CASE("an URL that is none is refused with what is wrong with it") {
  const auto refused = [](const char* url, const char* why) {
    INFO(url);
    CHECK_THROWS_WITH(parse_url(url), Contains(why));
  };
  refused("https://localhost", "TLS is not supported");
  refused("HTTPS://localhost", "TLS is not supported");
  refused("", "must begin with http://");
  refused("localhost:8000", "must begin with http://");
  refused("ftp://localhost", "must begin with http://");
  refused("http://", "must name a host");
  refused("http://:8000", "must name a host");
  refused("http://[]:8000", "must name a host");
  refused("http://[::1", "IPv6 address in brackets");
  refused("http://[::1]8000", "IPv6 address in brackets");
  refused("http://user:word@localhost", "must not name a user");
  refused("http://localhost/?a=b", "no query and no fragment");
  refused("http://localhost/#a", "no query and no fragment");
  refused("http://local host", "printable ASCII");
  refused("http://localhost/\r\nX: y", "printable ASCII");
  refused("http://größe", "printable ASCII");
}

TEST_CASE("a port outside 1 to 65535 is refused") {
  for (const char* url : {"http://a:0", "http://a:65536", "http://a:-1", "http://a:", "http://a:80x", "http://a:1:2",
         "http://a:99999999999"}) {
    INFO(url);
    CHECK_THROWS_WITH(parse_url(url), Contains("port between 1 and 65535") && Contains(url));
  }
}
