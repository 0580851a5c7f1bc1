#include "http/body.hpp"

#include <algorithm>
#include <charconv>

namespace troupe::http {

namespace {

/// Longest line that opens a chunk, extensions counted in.
constexpr std::size_t max_size_line = 1024;

} // namespace

void chunked_body::fail(int status, std::string message) {
  error_ = wire_error{status, std::move(message)};
}

std::size_t chunked_body::take(std::string_view bytes) {
  std::size_t taken = 0;
  while (!error_ && !done()) {
    const auto rest = bytes.substr(taken);
    std::size_t n = 0;
    if (state_ == state::content)
      n = take_content(rest);
    else if (state_ == state::content_end)
      n = take_content_end(rest);
    else
      n = take_line(rest);
    if (n == 0)
      break;
    taken += n;
  }
  return taken;
}

std::size_t chunked_body::take_line(std::string_view bytes) {
  const auto most = state_ == state::trailer ? limit_.header_bytes : max_size_line;
  const auto lf = bytes.find('\n');
  if (std::min(lf, bytes.size()) > most) {
    fail(state_ == state::trailer ? 431 : 400,
      "a line of the chunked body is longer than " + std::to_string(most) + " bytes");
    return 0;
  }
  if (lf == std::string_view::npos)
    return 0;
  if (lf == 0 || bytes[lf - 1] != '\r') {
    fail(400, "a line of the chunked body ends in LF without CR");
    return 0;
  }
  const auto line = bytes.substr(0, lf - 1);
  if (state_ == state::trailer)
    on_trailer(line);
  else
    on_size_line(line);
  return error_ ? 0 : lf + 1;
}

void chunked_body::on_size_line(std::string_view line) {
  std::size_t size = 0;
  const auto read = std::from_chars(line.data(), line.data() + line.size(), size, 16);
  const auto rest = line.substr(static_cast<std::size_t>(read.ptr - line.data()));
  // from_chars takes neither sign nor 0x for an unsigned number.
  if (read.ec == std::errc::invalid_argument || (!rest.empty() && rest.front() != ';'))
    return fail(400, "a chunk's size is not a hexadecimal number");
  for (unsigned char c : rest)
    if ((c < 0x20 && c != '\t') || c == 0x7F)
      return fail(400, "a chunk's extension holds a control byte");
  if (read.ec == std::errc::result_out_of_range || size > limit_.body_bytes - body_.size())
    return fail(413, "the body has more than " + std::to_string(limit_.body_bytes) + " bytes");
  if (size != 0 && ++chunks_ > limit_.chunk_count)
    return fail(413, "the body has more than " + std::to_string(limit_.chunk_count) + " chunks");
  left_ = size;
  state_ = size == 0 ? state::trailer : state::content;
}

std::size_t chunked_body::take_content(std::string_view bytes) {
  const auto n = std::min(left_, bytes.size());
  body_.append(bytes.substr(0, n));
  left_ -= n;
  if (left_ == 0)
    state_ = state::content_end;
  return n;
}

std::size_t chunked_body::take_content_end(std::string_view bytes) {
  if (!bytes.empty() && (bytes[0] != '\r' || (bytes.size() > 1 && bytes[1] != '\n'))) {
    fail(400, "a chunk's content does not end in CR LF where its size says");
    return 0;
  }
  if (bytes.size() < 2)
    return 0;
  state_ = state::size_line;
  return 2;
}

void chunked_body::on_trailer(std::string_view line) {
  if (line.empty()) {
    state_ = state::done;
    return;
  }
  trailer_bytes_ += line.size() + 2;
  if (trailer_bytes_ > limit_.header_bytes || ++trailers_ > limit_.header_count)
    return fail(431, "the trailers are over the limits of header fields");
  error_ = check_field_line(line);
}

} // namespace troupe::http
