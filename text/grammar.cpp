#include "text/grammar.hpp"

#include "text/border.hpp"

namespace troupe::text {
namespace {

const troupe_grammar_vocabulary* as_vocabulary(void* handle) {
  return static_cast<const troupe_grammar_vocabulary*>(handle);
}
const troupe_grammar* as_grammar(void* handle) {
  return static_cast<const troupe_grammar*>(handle);
}
troupe_grammar_state* as_state(void* handle) {
  return static_cast<troupe_grammar_state*>(handle);
}

int kind_number(grammar_kind kind) {
  switch (kind) {
  case grammar_kind::json_schema:
    return TROUPE_GRAMMAR_JSON_SCHEMA;
  case grammar_kind::json_object:
    return TROUPE_GRAMMAR_JSON_OBJECT;
  case grammar_kind::regex:
    return TROUPE_GRAMMAR_REGEX;
  case grammar_kind::lark:
    return TROUPE_GRAMMAR_LARK;
  case grammar_kind::none:
    break;
  }
  throw grammar_error("there is no grammar to compile");
}

} // namespace

std::shared_ptr<const grammar_vocabulary> grammar_vocabulary::make(
  std::shared_ptr<const tokenizer> tokens, const std::vector<token_id>& eos, std::size_t model_vocabulary) {
  troupe_grammar_vocabulary* handle = nullptr;
  call(troupe_grammar_vocabulary_new, static_cast<const troupe_tokenizer*>(tokens->handle_), eos.data(), eos.size(),
    model_vocabulary, &handle);
  return std::shared_ptr<const grammar_vocabulary>{new grammar_vocabulary(handle)};
}

grammar_vocabulary::~grammar_vocabulary() {
  troupe_grammar_vocabulary_free(static_cast<troupe_grammar_vocabulary*>(handle_));
}

std::size_t grammar_vocabulary::mask_words() const {
  return troupe_grammar_vocabulary_mask_words(as_vocabulary(handle_));
}

std::shared_ptr<const grammar> grammar::compile(std::shared_ptr<const grammar_vocabulary> vocabulary, grammar_kind kind,
  std::string_view source, const grammar_limits& limits) {
  const troupe_grammar_limits view{
    limits.source_bytes, limits.symbols, limits.lexer_states, limits.compile_fuel, limits.step_fuel, limits.step_items};
  troupe_grammar* handle = nullptr;
  bool has_pointer = false;
  owned_bytes pointer;
  owned_bytes error;
  if (troupe_grammar_compile(as_vocabulary(vocabulary->handle_), kind_number(kind), slice(source), &view, &handle,
        &has_pointer, &pointer, &error) != 0)
    throw grammar_error(error.text(), has_pointer ? std::optional{pointer.text()} : std::nullopt);
  return std::shared_ptr<const grammar>{new grammar(handle)};
}

grammar::~grammar() {
  troupe_grammar_free(static_cast<troupe_grammar*>(handle_));
}

grammar_state::grammar_state(std::shared_ptr<const grammar> rules) : handle_{nullptr} {
  troupe_grammar_state* handle = nullptr;
  call(troupe_grammar_state_new, as_grammar(rules->handle_), &handle);
  handle_ = handle;
}

grammar_state::~grammar_state() {
  troupe_grammar_state_free(as_state(handle_));
}

void grammar_state::allowed(std::span<std::uint32_t> mask) {
  call(troupe_grammar_state_allowed, as_state(handle_), mask.data(), mask.size());
}

bool grammar_state::accept(token_id token) {
  bool taken = false;
  call(troupe_grammar_state_accept, as_state(handle_), token, &taken);
  return taken;
}

bool grammar_state::accept_all(std::span<const token_id> tokens) {
  for (const auto token : tokens)
    if (!accept(token))
      return false;
  return true;
}

bool grammar_state::may_end() const {
  bool complete = false;
  call(troupe_grammar_state_may_end, as_state(handle_), &complete);
  return complete;
}

} // namespace troupe::text
