#include "tests/http/client.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::http::test {

namespace {

constexpr std::chrono::milliseconds patience{8000};

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

} // namespace

std::string reply::field(std::string_view name) const {
  for (const auto& [key, value] : fields)
    if (key == name)
      return value;
  return {};
}

bool reply::has(std::string_view name) const {
  return std::any_of(fields.begin(), fields.end(), [&](const auto& f) { return f.first == name; });
}

client::client(std::uint16_t port, int receive_buffer) {
  socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
  if (receive_buffer != 0)
    setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    throw std::runtime_error("cannot connect");
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

client::~client() {
  if (socket_ >= 0)
    ::close(socket_);
}

void client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0)
      return;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void client::half_close() {
  ::shutdown(socket_, SHUT_WR);
}

void client::abort() {
  const linger hard{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  ::close(socket_);
  socket_ = -1;
}

bool client::fill(std::chrono::milliseconds time) {
  if (eof_)
    return false;
  pollfd wait{socket_, POLLIN, 0};
  if (::poll(&wait, 1, static_cast<int>(time.count())) <= 0)
    throw std::runtime_error("nothing came in time; have: " + buffer_.substr(0, 200));
  char bytes[65536];
  const auto n = ::recv(socket_, bytes, sizeof bytes, 0);
  if (n <= 0) {
    eof_ = true;
    return false;
  }
  buffer_.append(bytes, static_cast<std::size_t>(n));
  return true;
}

std::string client::read_until(std::string_view text) {
  std::size_t at = 0;
  while ((at = buffer_.find(text)) == std::string::npos)
    if (!fill(patience))
      throw std::runtime_error("closed before '" + std::string{text} + "' came; have: " + buffer_.substr(0, 200));
  auto out = buffer_.substr(0, at + text.size());
  buffer_.erase(0, at + text.size());
  return out;
}

std::string client::read_bytes(std::size_t n) {
  while (buffer_.size() < n)
    if (!fill(patience))
      throw std::runtime_error("closed inside a body");
  auto out = buffer_.substr(0, n);
  buffer_.erase(0, n);
  return out;
}

void client::read_chunks(reply& to) {
  while (true) {
    const auto line = read_until("\r\n");
    const auto size = std::stoul(line, nullptr, 16);
    if (size == 0) {
      read_until("\r\n");
      return;
    }
    to.chunks.push_back(read_bytes(size));
    to.body += to.chunks.back();
    if (read_bytes(2) != "\r\n")
      throw std::runtime_error("a chunk does not end in CR LF");
  }
}

std::optional<reply> client::read(bool head_only) {
  while (buffer_.empty())
    if (!fill(patience))
      return {};
  const auto head = read_until("\r\n\r\n");
  if (!head.starts_with("HTTP/1.1 "))
    throw std::runtime_error("not an answer: " + head.substr(0, 80));
  reply r;
  r.status = std::stoi(head.substr(9, 3));
  for (auto at = head.find("\r\n") + 2; at + 2 < head.size();) {
    const auto end = head.find("\r\n", at);
    const auto colon = head.find(": ", at);
    r.fields.emplace_back(lower(head.substr(at, colon - at)), head.substr(colon + 2, end - colon - 2));
    at = end + 2;
  }
  if (head_only || r.status == 204 || r.status == 100)
    return r;
  if (r.field("transfer-encoding") == "chunked")
    read_chunks(r);
  else if (r.has("content-length"))
    r.body = read_bytes(std::stoul(r.field("content-length")));
  else
    while (fill(patience)) {
    }
  if (!r.has("transfer-encoding") && !r.has("content-length"))
    r.body = std::exchange(buffer_, {});
  return r;
}

bool client::closed_within(std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  try {
    while (!eof_) {
      const auto left = until - std::chrono::steady_clock::now();
      if (!fill(std::max(std::chrono::duration_cast<std::chrono::milliseconds>(left), std::chrono::milliseconds{0})))
        return true;
    }
  } catch (const std::runtime_error&) {
    return false;
  }
  return true;
}

std::string get(std::string_view path, std::string_view fields) {
  return "GET " + std::string{path} + " HTTP/1.1\r\nHost: x\r\n" + std::string{fields} + "\r\n";
}

std::string post(std::string_view path, std::string_view body, std::string_view fields) {
  return "POST " + std::string{path} + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
    "\r\n" + std::string{fields} + "\r\n" + std::string{body};
}

std::vector<std::string> events_of(const std::string& body) {
  std::vector<std::string> events;
  for (std::size_t at = 0; at < body.size();) {
    const auto end = body.find("\n\n", at);
    if (end == std::string::npos)
      throw std::runtime_error("a stream ends inside an event");
    if (body.compare(at, 6, "data: ") == 0)
      events.push_back(body.substr(at + 6, end - at - 6));
    at = end + 2;
  }
  return events;
}

} // namespace troupe::http::test
