// How the C++ faces of the crate call it.
#pragma once

#include "text/tokenizer.hpp"
#include "text/troupe_text.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::text {

/// What the crate hands out, freed on every way out.
struct owned_bytes : troupe_bytes {
  owned_bytes() : troupe_bytes{nullptr, 0} {}
  ~owned_bytes() { troupe_bytes_free(*this); }
  owned_bytes(const owned_bytes&) = delete;
  owned_bytes& operator=(const owned_bytes&) = delete;
  std::string text() const { return data ? std::string{reinterpret_cast<const char*>(data), size} : std::string{}; }
};

/// As `owned_bytes`, for tokens.
struct owned_tokens : troupe_tokens {
  owned_tokens() : troupe_tokens{nullptr, 0} {}
  ~owned_tokens() { troupe_tokens_free(*this); }
  owned_tokens(const owned_tokens&) = delete;
  owned_tokens& operator=(const owned_tokens&) = delete;
  std::vector<token_id> list() const { return {data, data + size}; }
};

/// Calls a function of the crate with a place for its error behind `arguments`, and throws that error.
template <class Function, class... Arguments>
void call(Function function, Arguments... arguments) {
  owned_bytes error;
  if (function(arguments..., &error) != 0)
    throw text_error(error.text());
}

inline troupe_slice slice(std::string_view text) {
  return {text.data(), text.size()};
}

} // namespace troupe::text
