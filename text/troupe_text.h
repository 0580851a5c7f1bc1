/* The C border of the Rust crate in this folder: tokenizer, chat template, grammar, streaming text.
 *
 * A function that can fail returns 0 when it succeeded; otherwise `out` is untouched and `error` holds a text for
 * people. What is handed out in `troupe_bytes` and `troupe_tokens` belongs to the caller, who frees it. Slices are
 * borrowed for the call; texts must be UTF-8 (else the call fails) and may hold NUL. No panic leaves a function.
 * Tokenizers, templates, vocabularies and grammars are immutable and may be used by several threads; a stream and a
 * grammar's state belong to one at a time.
 */
#ifndef TROUPE_TEXT_H
#define TROUPE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct troupe_tokenizer troupe_tokenizer;
typedef struct troupe_stream troupe_stream;
typedef struct troupe_template troupe_template;

typedef struct troupe_slice {
  const char* data;
  size_t size;
} troupe_slice;

typedef struct troupe_bytes {
  uint8_t* data;
  size_t size;
} troupe_bytes;

typedef struct troupe_tokens {
  int32_t* data;
  size_t size;
} troupe_tokens;

void troupe_bytes_free(troupe_bytes bytes);
void troupe_tokens_free(troupe_tokens tokens);

/* The `tokenizer.ggml.*` fields of a GGUF file; a list that it does not have is empty, a token -1. */
typedef struct troupe_gguf_vocabulary {
  const troupe_slice* tokens;
  size_t token_count;
  const int32_t* token_types;
  size_t token_type_count;
  const troupe_slice* merges;
  size_t merge_count;
  const float* scores;
  size_t score_count;
  troupe_slice model;
  troupe_slice pre;
  int32_t bos;
  int32_t eos;
  int32_t unknown;
  bool add_space_prefix;
} troupe_gguf_vocabulary;

int32_t troupe_tokenizer_from_json(troupe_slice json, troupe_tokenizer** out, troupe_bytes* error);
int32_t troupe_tokenizer_from_gguf(const troupe_gguf_vocabulary* vocabulary, troupe_tokenizer** out,
                                   troupe_bytes* error);
void troupe_tokenizer_free(troupe_tokenizer* tokenizer);

/* `parse_control`: control tokens in the text become control tokens. `add_special`: with the model's own BOS and EOS. */
int32_t troupe_tokenizer_encode(const troupe_tokenizer* tokenizer, troupe_slice text, bool parse_control,
                                bool add_special, troupe_tokens* out, troupe_bytes* error);
int32_t troupe_tokenizer_decode(const troupe_tokenizer* tokenizer, const int32_t* tokens, size_t count,
                                bool skip_special, troupe_bytes* out, troupe_bytes* error);
/* A token's own bytes; none for a token that the vocabulary does not have. */
int32_t troupe_tokenizer_token_bytes(const troupe_tokenizer* tokenizer, int32_t token, troupe_bytes* out,
                                     troupe_bytes* error);
size_t troupe_tokenizer_vocabulary_size(const troupe_tokenizer* tokenizer);

/* Keeps the tokenizer alive. */
int32_t troupe_stream_new(const troupe_tokenizer* tokenizer, bool skip_special, troupe_stream** out,
                          troupe_bytes* error);
void troupe_stream_free(troupe_stream* stream);
int32_t troupe_stream_push(troupe_stream* stream, int32_t token, troupe_bytes* out, troupe_bytes* error);
int32_t troupe_stream_finish(troupe_stream* stream, troupe_bytes* out, troupe_bytes* error);

typedef struct troupe_message {
  troupe_slice role;
  troupe_slice content;
  /* JSON array; empty for none. */
  troupe_slice tool_calls;
  /* Empty for none. */
  troupe_slice tool_call_id;
} troupe_message;

typedef struct troupe_template_input {
  const troupe_message* messages;
  size_t message_count;
  /* JSON array in place of `messages`; empty for none. */
  troupe_slice messages_json;
  /* JSON array; empty for none. */
  troupe_slice tools_json;
  bool add_generation_prompt;
  /* Unix seconds. */
  int64_t now;
} troupe_template_input;

int32_t troupe_template_new(troupe_slice source, troupe_slice bos, troupe_slice eos, troupe_template** out,
                            troupe_bytes* error);
void troupe_template_free(troupe_template* chat_template);
int32_t troupe_template_render(const troupe_template* chat_template, const troupe_template_input* input,
                               troupe_bytes* out, troupe_bytes* error);
int32_t troupe_template_encode(const troupe_template* chat_template, const troupe_template_input* input,
                               const troupe_tokenizer* tokenizer, troupe_tokens* out, troupe_bytes* error);

typedef struct troupe_grammar_vocabulary troupe_grammar_vocabulary;
typedef struct troupe_grammar troupe_grammar;
typedef struct troupe_grammar_state troupe_grammar_state;

typedef enum troupe_grammar_kind {
  TROUPE_GRAMMAR_JSON_SCHEMA = 1,
  TROUPE_GRAMMAR_JSON_OBJECT = 2,
  TROUPE_GRAMMAR_REGEX = 3,
  TROUPE_GRAMMAR_LARK = 4
} troupe_grammar_kind;

typedef struct troupe_grammar_limits {
  size_t source_bytes;
  size_t symbols;
  size_t lexer_states;
  uint64_t compile_fuel;
  uint64_t step_fuel;
  size_t step_items;
} troupe_grammar_limits;

/* `ends`: the tokens that end an answer. `size`: logits in a row. */
int32_t troupe_grammar_vocabulary_new(const troupe_tokenizer* tokenizer, const int32_t* ends, size_t end_count,
                                      size_t size, troupe_grammar_vocabulary** out, troupe_bytes* error);
void troupe_grammar_vocabulary_free(troupe_grammar_vocabulary* vocabulary);
/* Words of 32 bits in a mask: bit i % 32 of word i / 32 is token i. */
size_t troupe_grammar_vocabulary_mask_words(const troupe_grammar_vocabulary* vocabulary);

/* When it fails, `has_pointer` says whether the place in a JSON schema is known, and `pointer` is that place. `kind` is
 * one of `troupe_grammar_kind`. Keeps the vocabulary alive. */
int32_t troupe_grammar_compile(const troupe_grammar_vocabulary* vocabulary, int32_t kind, troupe_slice source,
                               const troupe_grammar_limits* limits, troupe_grammar** out, bool* has_pointer,
                               troupe_bytes* pointer, troupe_bytes* error);
void troupe_grammar_free(troupe_grammar* grammar);

/* Keeps the grammar alive. */
int32_t troupe_grammar_state_new(const troupe_grammar* grammar, troupe_grammar_state** out, troupe_bytes* error);
void troupe_grammar_state_free(troupe_grammar_state* state);
int32_t troupe_grammar_state_allowed(troupe_grammar_state* state, uint32_t* mask, size_t words, troupe_bytes* error);
int32_t troupe_grammar_state_accept(troupe_grammar_state* state, int32_t token, bool* out, troupe_bytes* error);
int32_t troupe_grammar_state_may_end(troupe_grammar_state* state, bool* out, troupe_bytes* error);

#ifdef __cplusplus
}
#endif

#endif
