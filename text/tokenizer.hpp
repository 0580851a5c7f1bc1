// Tokens, templates and streaming text. The C++ face of the Rust crate beside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::text {

using token_id = std::int32_t;

/// A tokenizer or template that cannot be built, or a text that cannot be rendered.
class text_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// What a GGUF file says about its tokenizer.
struct gguf_vocabulary {
  std::vector<std::string> tokens;
  std::vector<std::int32_t> token_types;
  std::vector<std::string> merges;
  /// `tokenizer.ggml.model`: "gpt2" (byte-level BPE), "llama" (SentencePiece BPE).
  std::string model;
  /// `tokenizer.ggml.pre`: "smollm", "llama-bpe", ...
  std::string pre;
  /// `tokenizer.ggml.scores`, which rank the merges of a "llama" vocabulary; where it is empty, its order ranks them.
  std::vector<float> scores;
  /// Token put before every prompt, and after it; -1 for none.
  token_id bos = -1;
  token_id eos = -1;
  /// Token for text that a "llama" vocabulary without byte tokens cannot spell; -1 for none.
  token_id unknown = -1;
  /// Whether a "llama" vocabulary sees a space before every text.
  bool add_space_prefix = true;
};

/// Turns text to tokens and back. Immutable and thread safe; share it by pointer.
class tokenizer {
public:
  /// From the bytes of a tokenizer.json. Throws `text_error`.
  static std::shared_ptr<const tokenizer> from_json(std::string_view json);
  /// From GGUF metadata. Throws `text_error` for a vocabulary kind or pre-tokenizer that is not known.
  static std::shared_ptr<const tokenizer> from_gguf(const gguf_vocabulary& vocabulary);
  ~tokenizer();
  tokenizer(const tokenizer&) = delete;
  tokenizer& operator=(const tokenizer&) = delete;

  /// How control tokens (`<|im_end|>`) that stand in the text are read.
  enum class control : std::uint8_t {
    /// As the control token: for prompts whose writer may use them.
    parse,
    /// As the characters they are written with: for what a user typed.
    literal,
  };
  /// `add_special` puts the model's own leading and trailing tokens (BOS) on. Input must be valid UTF-8.
  /// Throws `text_error`.
  std::vector<token_id> encode(std::string_view text, control mode, bool add_special) const;

  /// The whole text of some tokens. Bytes that are no valid UTF-8 become U+FFFD. Tokens that the vocabulary does not
  /// have give nothing.
  std::string decode(const std::vector<token_id>& tokens, bool skip_special) const;

  /// One token's own text as it stands in the vocabulary, bytes as they are (may be part of a character).
  /// Empty for a token that the vocabulary does not have.
  std::string token_bytes(token_id token) const;

  /// One more than the greatest token.
  std::size_t vocabulary_size() const;

private:
  friend class chat_template;
  friend class grammar_vocabulary;
  friend class stream_decoder;
  explicit tokenizer(void* handle) : handle_{handle} {}
  void* handle_;
};

/// What special tokens become in a streamed text.
enum class specials : std::uint8_t {
  /// Nothing.
  skip,
  /// The text they are written with: for models that mark a tool's call with them.
  keep,
};

/// Turns tokens to text as they come. What it has returned, joined, always equals the start of the whole decode with
/// `skip_special` as `mode` says, and never ends inside a UTF-8 character. Not thread safe.
class stream_decoder {
public:
  explicit stream_decoder(std::shared_ptr<const tokenizer> tokens, specials mode = specials::skip);
  ~stream_decoder();
  stream_decoder(stream_decoder&& other) noexcept
      : tokens_{std::move(other.tokens_)},
        handle_{std::exchange(other.handle_, nullptr)} {}
  stream_decoder& operator=(stream_decoder&&) = delete;

  /// The text that is complete with this token, possibly none.
  std::string push(token_id token);
  /// What is left: an unfinished character comes out as U+FFFD, as in the whole decode.
  std::string finish();

private:
  std::shared_ptr<const tokenizer> tokens_;
  void* handle_;
};

struct message {
  std::string role;
  std::string content;
  /// JSON array of the calls of an assistant; empty for none.
  std::string tool_calls = {};
  /// The call that a tool's message answers; empty for none.
  std::string tool_call_id = {};
};

/// What a template is rendered with. JSON texts are empty where a request has none.
struct template_input {
  std::vector<message> messages;
  bool add_generation_prompt = true;
  /// JSON array of tool definitions.
  std::string tools_json;
  /// JSON array of messages, in place of `messages`, where these carry more than role and content (tool calls).
  std::string messages_json;
  /// The time that a template may show (local time of day), in Unix seconds; nothing takes the system's clock.
  std::optional<std::int64_t> now;
};

/// A model's chat template (Jinja). Immutable and thread safe.
///
/// A render is bounded in steps, in the text that it makes (64 MB of prompt) and, for what steps do not measure, in
/// memory (256 MB) and processor time (3 s). Steps and texts end with the error alone. Past the last two bounds the
/// render is given up, and the thread that it ran on stays until the process ends, with what it holds and at most an
/// idle processor: so a template that was once given up is not rendered again.
class chat_template {
public:
  /// `bos` and `eos` are what the template sees as `bos_token` and `eos_token`. Throws `text_error` with the line,
  /// or when compiling passes the bounds above.
  chat_template(std::string_view source, std::string_view bos, std::string_view eos);
  ~chat_template();
  chat_template(const chat_template&) = delete;
  chat_template& operator=(const chat_template&) = delete;

  /// The rendered prompt, exactly as Hugging Face renders it. Throws `text_error` when the template refuses (its own
  /// words) or runs past its limits.
  std::string render(const template_input& input) const;

  /// Renders and tokenizes. Control tokens that the template writes are control tokens; the same characters inside
  /// a message or a tool are text. No BOS is added beside what the template writes. Throws `text_error`, also for a
  /// message that holds a control token which the template itself looks for there and passes on.
  std::vector<token_id> encode(const template_input& input, const tokenizer& tokens) const;

private:
  void* handle_;
};

} // namespace troupe::text
