#include <cstddef>
#include <cstdlib>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "app/systemd.hpp"

using namespace troupe::app;

namespace {

/// Stands for the service manager's end of the socket.
class manager {
public:
  explicit manager(const std::string& name) : socket_{::socket(AF_UNIX, SOCK_DGRAM, 0)} {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof address.sun_path - 1);
    if (address.sun_path[0] == '@')
      address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), length) == 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  ~manager() {
    ::close(socket_);
    ::unsetenv("NOTIFY_SOCKET");
  }
  manager(const manager&) = delete;
  manager& operator=(const manager&) = delete;

  std::string heard() const {
    char buffer[256];
    const auto count = ::recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT);
    return count < 0 ? std::string{} : std::string(buffer, static_cast<std::size_t>(count));
  }

private:
  int socket_;
};

} // namespace

TEST_CASE("the service manager hears of a state, on a path and on an abstract address") {
  const std::string path = "/tmp/troupe-notify-" + std::to_string(::getpid());
  for (const auto& name : {path, '@' + path}) {
    const manager chief{name};
    notify("READY=1\nSTATUS=listening");
    CHECK(chief.heard() == "READY=1\nSTATUS=listening");
    notify(reloading());
    CHECK(chief.heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  }
  ::unlink(path.c_str());
}

TEST_CASE("without a service manager nothing is told, and no socket is inherited") {
  ::unsetenv("NOTIFY_SOCKET");
  notify("READY=1");
  CHECK_FALSE(inherited_socket());
  ::setenv("LISTEN_PID", "1", 1);
  ::setenv("LISTEN_FDS", "1", 1);
  CHECK_FALSE(inherited_socket());
  ::unsetenv("LISTEN_PID");
  ::unsetenv("LISTEN_FDS");
}
