// POST /v1/embeddings: texts as vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/api/answer_format.hpp"
#include "http/api/call.hpp"

namespace troupe::http::api {

/// Inputs of one request that are in the company at once: the others follow as these end, so that a long list fills no
/// queue.
inline constexpr std::size_t embedding_window = 64;

/// How embeddings are written.
struct embedding_style {
  /// Floats in little-endian order as base64, not as a list of numbers.
  bool base64 = false;
  /// So many numbers are kept of each, brought to length 1 again; 0 keeps all.
  std::uint32_t dimensions = 0;
  std::string model;
};

struct embedding_call {
  /// One for each input.
  std::vector<native_request> requests;
  embedding_style style;
};

/// Reads `model`, `input` (a text, token ids, or a list of such), `encoding_format`, `dimensions`, `pooling`,
/// `add_special_tokens`, `priority` and `user`. Throws `request_error`.
embedding_call read_embeddings(std::string_view body, const call_context& context);

/// `{"object": "list", "data": [...], "model": ..., "usage": ...}`
std::unique_ptr<answer_format> make_embedding_format(embedding_style style);

} // namespace troupe::http::api
