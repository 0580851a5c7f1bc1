#include "http/api/logprobs_out.hpp"

#include <algorithm>
#include <bit>

namespace troupe::http::api {

namespace {

bool is_text(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto length = utf8_length(bytes);
    if (length == 0)
      return false;
    bytes.remove_prefix(length);
  }
  return true;
}

/// Bytes that do not go on a character begin one; a token's share of one that it ends counts for the token before.
std::size_t characters(std::string_view bytes) {
  return static_cast<std::size_t>(
    std::count_if(bytes.begin(), bytes.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void write_top(json_writer& w, const token_logprob& token) {
  w.begin_object();
  bool chosen = false;
  for (const auto& one : token.top) {
    chosen = chosen || one.token == token.token;
    w.field(token_name(one.bytes), finite_logprob(one.logprob_bits));
  }
  // The token that came stands there even if it is not among the likeliest.
  if (!chosen)
    w.field(token_name(token.bytes), finite_logprob(token.logprob_bits));
  w.end_object();
}

} // namespace

double finite_logprob(std::uint32_t bits) {
  constexpr double least = -9999;
  const double x = std::bit_cast<float>(bits);
  return x >= least ? x : least;
}

void write_token_logprob(json_writer& w, std::string_view bytes, std::uint32_t logprob_bits) {
  w.field("token", bytes).field("logprob", finite_logprob(logprob_bits));
  w.key("bytes").begin_array();
  for (const unsigned char byte : bytes)
    w.value(static_cast<unsigned>(byte));
  w.end_array();
}

std::string token_name(std::string_view bytes) {
  if (is_text(bytes))
    return std::string{bytes};
  static constexpr char hex[] = "0123456789abcdef";
  std::string out = "bytes:";
  for (const unsigned char byte : bytes)
    (((out += "\\x") += hex[byte >> 4U]) += hex[byte & 15U]);
  return out;
}

void write_chat_logprobs(json_writer& w, const std::vector<token_logprob>& tokens) {
  w.begin_object().key("content").begin_array();
  for (const auto& token : tokens) {
    w.begin_object();
    write_token_logprob(w, token.bytes, token.logprob_bits);
    w.key("top_logprobs").begin_array();
    for (const auto& one : token.top) {
      w.begin_object();
      write_token_logprob(w, one.bytes, one.logprob_bits);
      w.end_object();
    }
    w.end_array().end_object();
  }
  w.end_array().key("refusal").null().end_object();
}

void write_completion_logprobs(
  json_writer& w, const std::vector<token_logprob>& tokens, std::uint32_t top, std::size_t& offset) {
  w.begin_object().key("tokens").begin_array();
  for (const auto& token : tokens)
    w.value(token_name(token.bytes));
  w.end_array().key("token_logprobs").begin_array();
  for (const auto& token : tokens)
    token.scored ? w.value(finite_logprob(token.logprob_bits)) : w.null();
  w.end_array().key("top_logprobs");
  if (top == 0) {
    w.null();
  } else {
    w.begin_array();
    for (const auto& token : tokens)
      token.scored ? write_top(w, token) : static_cast<void>(w.null());
    w.end_array();
  }
  w.key("text_offset").begin_array();
  for (const auto& token : tokens) {
    w.value(offset);
    offset += characters(token.bytes);
  }
  w.end_array().end_object();
}

} // namespace troupe::http::api
