#include "text/tokenizer.hpp"

#include "text/border.hpp"

#include <ctime>

namespace troupe::text {
namespace {

std::vector<troupe_slice> slices(const std::vector<std::string>& texts) {
  std::vector<troupe_slice> result;
  result.reserve(texts.size());
  for (const auto& text : texts)
    result.push_back(slice(text));
  return result;
}

const troupe_tokenizer* as_tokenizer(void* handle) {
  return static_cast<const troupe_tokenizer*>(handle);
}
troupe_stream* as_stream(void* handle) {
  return static_cast<troupe_stream*>(handle);
}
const troupe_template* as_template(void* handle) {
  return static_cast<const troupe_template*>(handle);
}

/// A `template_input` as the crate takes it. Borrows from the input.
struct borrowed_input {
  explicit borrowed_input(const template_input& input) {
    messages.reserve(input.messages.size());
    for (const auto& m : input.messages)
      messages.push_back({slice(m.role), slice(m.content), slice(m.tool_calls), slice(m.tool_call_id)});
    view.messages = messages.data();
    view.message_count = messages.size();
    view.messages_json = slice(input.messages_json);
    view.tools_json = slice(input.tools_json);
    view.add_generation_prompt = input.add_generation_prompt;
    view.now = input.now ? *input.now : static_cast<std::int64_t>(std::time(nullptr));
  }
  std::vector<troupe_message> messages;
  troupe_template_input view{};
};

} // namespace

std::shared_ptr<const tokenizer> tokenizer::from_json(std::string_view json) {
  troupe_tokenizer* handle = nullptr;
  call(troupe_tokenizer_from_json, slice(json), &handle);
  return std::shared_ptr<const tokenizer>{new tokenizer(handle)};
}

std::shared_ptr<const tokenizer> tokenizer::from_gguf(const gguf_vocabulary& vocabulary) {
  const auto tokens = slices(vocabulary.tokens);
  const auto merges = slices(vocabulary.merges);
  troupe_gguf_vocabulary view{};
  view.tokens = tokens.data();
  view.token_count = tokens.size();
  view.token_types = vocabulary.token_types.data();
  view.token_type_count = vocabulary.token_types.size();
  view.merges = merges.data();
  view.merge_count = merges.size();
  view.scores = vocabulary.scores.data();
  view.score_count = vocabulary.scores.size();
  view.model = slice(vocabulary.model);
  view.pre = slice(vocabulary.pre);
  view.bos = vocabulary.bos;
  view.eos = vocabulary.eos;
  view.unknown = vocabulary.unknown;
  view.add_space_prefix = vocabulary.add_space_prefix;
  troupe_tokenizer* handle = nullptr;
  call(troupe_tokenizer_from_gguf, &view, &handle);
  return std::shared_ptr<const tokenizer>{new tokenizer(handle)};
}

tokenizer::~tokenizer() {
  troupe_tokenizer_free(static_cast<troupe_tokenizer*>(handle_));
}

std::vector<token_id> tokenizer::encode(std::string_view text, control mode, bool add_special) const {
  owned_tokens tokens;
  call(troupe_tokenizer_encode, as_tokenizer(handle_), slice(text), mode == control::parse, add_special,
    static_cast<troupe_tokens*>(&tokens));
  return tokens.list();
}

std::string tokenizer::decode(const std::vector<token_id>& tokens, bool skip_special) const {
  owned_bytes text;
  call(troupe_tokenizer_decode, as_tokenizer(handle_), tokens.data(), tokens.size(), skip_special,
    static_cast<troupe_bytes*>(&text));
  return text.text();
}

std::string tokenizer::token_bytes(token_id token) const {
  owned_bytes bytes;
  call(troupe_tokenizer_token_bytes, as_tokenizer(handle_), token, static_cast<troupe_bytes*>(&bytes));
  return bytes.text();
}

std::size_t tokenizer::vocabulary_size() const {
  return troupe_tokenizer_vocabulary_size(as_tokenizer(handle_));
}

stream_decoder::stream_decoder(std::shared_ptr<const tokenizer> tokens, specials mode)
    : tokens_{std::move(tokens)},
      handle_{nullptr} {
  troupe_stream* handle = nullptr;
  call(troupe_stream_new, as_tokenizer(tokens_->handle_), mode == specials::skip, &handle);
  handle_ = handle;
}

stream_decoder::~stream_decoder() {
  troupe_stream_free(as_stream(handle_));
}

std::string stream_decoder::push(token_id token) {
  owned_bytes text;
  call(troupe_stream_push, as_stream(handle_), token, static_cast<troupe_bytes*>(&text));
  return text.text();
}

std::string stream_decoder::finish() {
  owned_bytes text;
  call(troupe_stream_finish, as_stream(handle_), static_cast<troupe_bytes*>(&text));
  return text.text();
}

chat_template::chat_template(std::string_view source, std::string_view bos, std::string_view eos) : handle_{nullptr} {
  troupe_template* handle = nullptr;
  call(troupe_template_new, slice(source), slice(bos), slice(eos), &handle);
  handle_ = handle;
}

chat_template::~chat_template() {
  troupe_template_free(static_cast<troupe_template*>(handle_));
}

std::string chat_template::render(const template_input& input) const {
  const borrowed_input borrowed{input};
  owned_bytes text;
  call(troupe_template_render, as_template(handle_), &borrowed.view, static_cast<troupe_bytes*>(&text));
  return text.text();
}

std::vector<token_id> chat_template::encode(const template_input& input, const tokenizer& tokens) const {
  const borrowed_input borrowed{input};
  owned_tokens list;
  call(troupe_template_encode, as_template(handle_), &borrowed.view, as_tokenizer(tokens.handle_),
    static_cast<troupe_tokens*>(&list));
  return list.list();
}

} // namespace troupe::text
