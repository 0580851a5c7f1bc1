// Grammars that a model's answer keeps to: which tokens may come next.
#pragma once

#include "text/grammar_kind.hpp"
#include "text/tokenizer.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::text {

/// A grammar that cannot be compiled, costs too much, or cannot be enforced exactly.
class grammar_error : public text_error {
public:
  explicit grammar_error(const std::string& message, std::optional<std::string> pointer = std::nullopt)
      : text_error{message},
        pointer_{std::move(pointer)} {}

  /// Where in a JSON schema the refused part stands, as a JSON Pointer (RFC 6901); nothing where no one part is at
  /// fault.
  const std::optional<std::string>& pointer() const noexcept { return pointer_; }

private:
  std::optional<std::string> pointer_;
};

/// What a grammar may cost. Fuel and items are the compiler's own measures of work.
struct grammar_limits {
  std::size_t source_bytes = 64 << 10;
  /// Symbols of all rules of a compiled grammar.
  std::size_t symbols = 200'000;
  /// States of one sequence's lexer, 1 to 2 KB each.
  std::size_t lexer_states = 50'000;
  /// For compiling: about 50,000 a millisecond.
  std::uint64_t compile_fuel = 1'000'000;
  /// For one token of one sequence: about 14,000 a millisecond.
  std::uint64_t step_fuel = 200'000;
  /// Parser items for one token of one sequence: about 20,000 a millisecond.
  std::size_t step_items = 50'000;
};

/// What a model's vocabulary looks like to grammars. Built once per tokenizer, which costs some 100 ms. Immutable and
/// thread safe; share it by pointer.
class grammar_vocabulary {
public:
  /// `eos` are the tokens that end an answer; at least one. `model_vocabulary` is the number of logits in a row, which
  /// may be more or less than the tokenizer's tokens. Throws `text_error`.
  static std::shared_ptr<const grammar_vocabulary> make(
    std::shared_ptr<const tokenizer> tokens, const std::vector<token_id>& eos, std::size_t model_vocabulary);
  ~grammar_vocabulary();
  grammar_vocabulary(const grammar_vocabulary&) = delete;
  grammar_vocabulary& operator=(const grammar_vocabulary&) = delete;

  /// Words of a mask: one bit for each of the model's logits.
  std::size_t mask_words() const;

private:
  friend class grammar;
  explicit grammar_vocabulary(void* handle) : handle_{handle} {}
  void* handle_;
};

/// A compiled grammar. Immutable and thread safe; share it by pointer.
///
/// Of a JSON schema nothing is passed over: a keyword that could not be enforced exactly, or a reference out of the
/// document, is an error. What a schema lets be may still be narrowed: properties come in the order in which the schema
/// names them and others after them, numbers and escapes are not spelled in every possible way, a class of a `pattern`
/// never matches U+0000, and white space between the parts comes in runs that end.
class grammar {
public:
  /// `source` is read as `kind` says; `kind` is not `none`. Throws `grammar_error`.
  static std::shared_ptr<const grammar> compile(std::shared_ptr<const grammar_vocabulary> vocabulary, grammar_kind kind,
    std::string_view source, const grammar_limits& limits = {});
  ~grammar();
  grammar(const grammar&) = delete;
  grammar& operator=(const grammar&) = delete;

private:
  friend class grammar_state;
  explicit grammar(void* handle) : handle_{handle} {}
  void* handle_;
};

/// One sequence's place in a grammar. Not thread safe.
///
/// Special tokens are never allowed, save those that end an answer. A call throws `text_error` when the grammar costs
/// more than its limits let a step cost, or when no token goes on from here; the state is then of no further use.
class grammar_state {
public:
  explicit grammar_state(std::shared_ptr<const grammar> rules);
  ~grammar_state();
  grammar_state(grammar_state&& other) noexcept : handle_{std::exchange(other.handle_, nullptr)} {}
  grammar_state& operator=(grammar_state&&) = delete;

  /// Sets bit i % 32 of word i / 32 where token i may come next and clears all others. Where the text is complete the
  /// end tokens are among them; where nothing may follow, they alone. `mask` has `mask_words` words.
  void allowed(std::span<std::uint32_t> mask);

  /// Takes the next token. False, and the state is as it was, for a token that `allowed` does not have.
  bool accept(token_id token);

  /// Takes tokens in order, as far as they are allowed. For a sequence that goes on elsewhere: the masks that follow
  /// are the same. False when one of them was not allowed; those before it were taken.
  bool accept_all(std::span<const token_id> tokens);

  /// Whether what was accepted is a complete text of the grammar.
  bool may_end() const;

private:
  void* handle_;
};

} // namespace troupe::text
