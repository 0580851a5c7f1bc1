#include "http/sse.hpp"

#include <charconv>

namespace troupe::http {

void append_event(std::string& out, std::string_view data) {
  out += "data: ";
  out += data;
  out += "\n\n";
}

std::string chunk_of(std::string_view events) {
  char size[16];
  const auto end = std::to_chars(size, size + sizeof size, events.size(), 16).ptr;
  std::string chunk;
  chunk.reserve(events.size() + 24);
  chunk.append(size, end).append("\r\n").append(events).append("\r\n");
  return chunk;
}

} // namespace troupe::http
