// What the HTTP side is made from. Filled by the config.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actors/protocol/ids.hpp"
#include "http/api/tool_format.hpp"

namespace troupe::http {

/// Bounds on what a client may send, and how long it may take.
struct limits {
  /// Request line and header fields, in bytes.
  std::size_t header_bytes = 32768;
  std::size_t header_count = 100;
  std::size_t url_bytes = 8192;
  std::size_t body_bytes = std::size_t{8} << 20;
  std::size_t chunk_count = 100'000;
  std::size_t json_depth = 32;
  std::size_t messages = 2048;
  /// Prompts of one request for completions.
  std::size_t prompts = 128;
  /// Inputs of one request for embeddings.
  std::size_t inputs = 2048;
  std::chrono::nanoseconds header_timeout{std::chrono::seconds{10}};
  std::chrono::nanoseconds body_timeout{std::chrono::seconds{30}};
  std::chrono::nanoseconds idle_timeout{std::chrono::seconds{75}};
  std::chrono::nanoseconds write_timeout{std::chrono::seconds{30}};
  /// Bytes of an answer that may wait for a slow reader before its request is cancelled.
  std::size_t sink_bytes = std::size_t{1} << 20;
  std::size_t connections = 16384;
};

/// A model as `/v1/models` shows it.
struct served_model {
  std::string name;
  /// Unix time in seconds.
  std::int64_t created = 0;
  /// Longest prompt and answer together, in tokens.
  std::size_t context = 0;
  /// How the OpenAI endpoints draw where a request is silent.
  float temperature = 1;
  float top_p = 1;
  std::int32_t top_k = 0;
  float min_p = 0;
  float repetition_penalty = 1;
  /// Changes when the answers may: with the model, its dtype or the server's version.
  std::string fingerprint = {};
  /// Other names for it.
  std::vector<std::string> aliases = {};
  /// Tokens of its vocabulary; 0 for a number that is not known.
  std::size_t vocabulary = 0;
  /// Numbers of its embeddings; 0 for a number that is not known.
  std::size_t embedding = 0;
  /// What embeddings are made of where a request does not say it.
  engine::pooling pooling = engine::pooling::mean;
  /// How its template writes calls, and thoughts.
  api::tool_format calls = api::tool_format::none;
  bool thinks = false;
  /// Its template opens the thoughts that an answer begins with.
  bool begins_in_thoughts = false;
  /// Of a LoRA adapter, which is shown as a model too: the name of the model that it changes, and the digest of its
  /// files; empty for a model itself.
  std::string parent = {};
  std::string adapter = {};

  /// What the company calls the model.
  const std::string& base() const { return parent.empty() ? name : parent; }
};

/// Whether a request that says `name` means this model.
inline bool is_called(const served_model& model, std::string_view name) {
  return model.name == name || std::find(model.aliases.begin(), model.aliases.end(), name) != model.aliases.end();
}

/// Who may come in, and how much of the server is theirs.
struct api_key {
  /// In logs, and to know the client again.
  std::string name;
  /// SHA-256 of the secret. The secret itself is kept nowhere.
  std::array<unsigned char, 32> digest{};
  /// Whose the answers are: tenants share none.
  std::string tenant;
  /// The models that it sees, by name or alias; empty for all.
  std::vector<std::string> models = {};
  /// Zero for no bound.
  std::uint32_t requests_per_minute = 0;
  std::uint32_t tokens_per_minute = 0;
  /// The highest `priority` that its requests may ask for.
  std::int32_t max_priority = 0;
  /// Whether it may give operators' orders.
  bool admin = false;
};

struct options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8000;
  /// Threads that read and write sockets; one edge each.
  std::size_t threads = 1;
  limits limit;
  /// Whether `/metrics` wants a key too.
  bool metrics_need_key = false;
  /// Whether audit lines hold what was asked and answered.
  bool audit_text = false;
  /// Whether anybody is served on an address that other machines reach.
  bool allow_anonymous = false;
  /// Origins that may read answers in a browser; `*` for any. Credentials are never allowed.
  std::vector<std::string> cors_origins{"*"};
  /// A comment line goes out on a stream that has said nothing for this long.
  std::chrono::nanoseconds stream_keep_alive{std::chrono::seconds{5}};
  /// `/health/live` fails when no step has ended for this long although there is work.
  std::chrono::nanoseconds live_timeout{std::chrono::seconds{60}};
  /// Own API: messages of the history that are kept, and tokens that all may have together.
  std::size_t context_window = 10;
  std::size_t max_context_length = 2048;
  /// The first is what `default` means.
  std::vector<served_model> models;
};

} // namespace troupe::http
