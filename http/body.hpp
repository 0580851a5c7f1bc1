// Chunked bodies, decoded as strictly as heads are checked.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "http/options.hpp"
#include "http/raw_head.hpp"

namespace troupe::http {

/// Decodes one chunked body from bytes as they come. Extensions and trailers are checked and dropped.
class chunked_body {
public:
  explicit chunked_body(const limits& limit) : limit_(limit) {}

  /// Takes what it can use from the front of `bytes` and returns how much that was. Call again with the rest when
  /// more is there. After an error nothing more is taken.
  std::size_t take(std::string_view bytes);

  bool done() const { return state_ == state::done; }
  const std::optional<wire_error>& error() const { return error_; }
  std::string& body() { return body_; }

private:
  enum class state { size_line, content, content_end, trailer, done };

  std::size_t take_line(std::string_view bytes);
  std::size_t take_content(std::string_view bytes);
  std::size_t take_content_end(std::string_view bytes);
  void on_size_line(std::string_view line);
  void on_trailer(std::string_view line);
  void fail(int status, std::string message);

  const limits& limit_;
  state state_ = state::size_line;
  std::size_t left_ = 0;
  std::size_t chunks_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::size_t trailers_ = 0;
  std::string body_;
  std::optional<wire_error> error_;
};

} // namespace troupe::http
