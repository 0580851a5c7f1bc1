// A socket that a service manager holds goes from one process to the next.
#include <catch2/catch.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/http/running_server.hpp"

using namespace troupe;
using namespace troupe::http;
using namespace troupe::http::test;
using namespace std::chrono_literals;

namespace {

/// A socket that listens on a free port of 127.0.0.1.
struct manager {
  int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  std::uint16_t port = 0;

  manager() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(descriptor, plain, length) == 0);
    REQUIRE(::listen(descriptor, 16) == 0);
    REQUIRE(::getsockname(descriptor, plain, &length) == 0);
    port = ntohs(address.sin_port);
  }
  ~manager() { ::close(descriptor); }
  manager(const manager&) = delete;
  manager& operator=(const manager&) = delete;
};

} // namespace

TEST_CASE("who comes while a server on a held socket drains is served by the next one, and nobody is refused") {
  const manager held;
  fake_company company;
  company.status.workers = {{0, "cpu", "small", "float32", worker_state::ready, "", {}, 0}};
  server first{test_options(), real_environment(), company.factory()};
  first.adopt(::dup(held.descriptor));
  CHECK(first.port() == held.port);
  first.listen();
  client busy{held.port};
  busy.send(post(chat, hello));
  const auto sink = company.request(0).first;
  REQUIRE(sink != 0);

  first.begin_drain();
  std::this_thread::sleep_for(100ms);
  client late{held.port};
  late.send(get("/health/ready"));
  CHECK_FALSE(late.closed_within(200ms));
  CHECK(late.rest().empty());
  company.answer(sink, "done");
  CHECK(busy.read()->body.find("done") != std::string::npos);
  first.close(1s);

  server second{test_options(), real_environment(), company.factory()};
  second.adopt(::dup(held.descriptor));
  second.listen();
  CHECK(late.read()->status == 200);
}
