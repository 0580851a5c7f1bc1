#include "tests/bench/loopback_server.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::test {

namespace {

int listen_on_loopback(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, 128) != 0 ||
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error{"no loopback socket"};
  port = ntohs(address.sin_port);
  return fd;
}

bool send_all(int fd, const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0)
      return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

/// Reads what has come, or waits for more. False at the connection's end.
bool read_more(int fd, std::string& buffer) {
  char bytes[4096];
  const ssize_t n = ::recv(fd, bytes, sizeof bytes, 0);
  if (n > 0)
    buffer.append(bytes, static_cast<std::size_t>(n));
  return n > 0;
}

std::size_t content_length(const std::string& head) {
  const std::size_t at = head.find("content-length: ");
  return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
}

std::string chunk(const std::string& bytes) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + bytes + "\r\n";
}

} // namespace

scripted_reply json_reply(const std::string& body, const std::string& status) {
  return {{"HTTP/1.1 " + status +
    "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body}};
}

scripted_reply event_stream(const std::vector<std::string>& events, const std::string& header) {
  scripted_reply out;
  out.pieces.push_back(
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n" + header + "\r\n");
  for (const std::string& event : events)
    out.pieces.push_back(chunk(event));
  out.pieces.push_back("0\r\n\r\n");
  return out;
}

loopback_server::loopback_server(script answer) : answer_{std::move(answer)}, listener_{listen_on_loopback(port_)} {
  accepting_ = std::thread{[this] { accept_all(); }};
}

loopback_server::~loopback_server() {
  ::shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  {
    const std::lock_guard lock{mutex_};
    for (const int fd : sockets_)
      ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& t : serving_)
    t.join();
  for (const int fd : sockets_)
    ::close(fd);
  ::close(listener_);
}

std::string loopback_server::url() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

std::vector<seen_request> loopback_server::requests() const {
  const std::lock_guard lock{mutex_};
  return requests_;
}

void loopback_server::accept_all() {
  while (true) {
    const int fd = ::accept(listener_, nullptr, nullptr);
    if (fd < 0)
      return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++connections_;
    const std::lock_guard lock{mutex_};
    sockets_.push_back(fd);
    serving_.emplace_back([this, fd] { serve(fd); });
  }
}

void loopback_server::serve(int socket) {
  std::string buffer;
  seen_request request;
  while (read_request(socket, buffer, request)) {
    const scripted_reply reply = answer_(request);
    for (const std::string& piece : reply.pieces) {
      if (!send_all(socket, piece))
        return;
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    if (reply.then == scripted_reply::ending::close)
      break;
    while (reply.then == scripted_reply::ending::hang && read_more(socket, buffer)) {
    }
  }
  ::shutdown(socket, SHUT_RDWR);
}

bool loopback_server::read_request(int socket, std::string& buffer, seen_request& out) {
  std::size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos)
    if (!read_more(socket, buffer))
      return false;
  out.head = buffer.substr(0, end + 2);
  out.path = out.head.substr(5, out.head.find(' ', 5) - 5);
  std::transform(out.head.begin(), out.head.end(), out.head.begin(),
    [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::size_t size = content_length(out.head);
  while (buffer.size() < end + 4 + size)
    if (!read_more(socket, buffer))
      return false;
  out.body = buffer.substr(end + 4, size);
  buffer.erase(0, end + 4 + size);
  const std::lock_guard lock{mutex_};
  requests_.push_back(out);
  return true;
}

std::uint16_t closed_port() {
  std::uint16_t port = 0;
  ::close(listen_on_loopback(port));
  return port;
}

} // namespace troupe::test
