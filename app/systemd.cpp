#include "app/systemd.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <spdlog/spdlog.h>

namespace troupe::app {

namespace {

/// The first descriptor that a service manager hands over.
constexpr int first_descriptor = 3;

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

} // namespace

void notify(const std::string& state) {
  const std::string path = variable("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (path.size() < 2 || path.size() >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
    return;
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  // An abstract address begins with a zero byte.
  if (path[0] == '@')
    address.sun_path[0] = '\0';
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0)
    return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  if (::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), length) <
    0)
    spdlog::warn("the service manager cannot be told: {}", std::strerror(errno));
  ::close(socket);
}

std::optional<int> inherited_socket() {
  if (variable("LISTEN_PID") != std::to_string(::getpid()) || std::atoi(variable("LISTEN_FDS").c_str()) < 1)
    return std::nullopt;
  ::fcntl(first_descriptor, F_SETFD, FD_CLOEXEC);
  return first_descriptor;
}

std::string reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto microseconds = static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
  return "RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds);
}

} // namespace troupe::app
