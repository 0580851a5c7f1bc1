// Writes texts by a grammar as a model would, with a drawn token in place of a sampled one.
#pragma once

#include "text/grammar.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe::text::testing {

/// A tokenizer and how grammars see it.
struct writer {
  std::shared_ptr<const tokenizer> tokens;
  std::shared_ptr<const grammar_vocabulary> vocabulary;
  std::vector<token_id> eos;

  writer(std::shared_ptr<const tokenizer> tokenizer, std::vector<token_id> ends);
  writer(std::shared_ptr<const tokenizer> tokenizer, std::vector<token_id> ends, std::size_t model_vocabulary);

  std::vector<std::uint32_t> mask(grammar_state& state) const;
  /// The tokens of a mask, in order.
  static std::vector<token_id> tokens_of(std::span<const std::uint32_t> mask);

  /// Draws among the allowed tokens until the text is complete: at random at first, then those that lead out of
  /// strings, lists and objects, and after `longest` tokens none. Nothing when it did not end by then.
  std::optional<std::string> walk(
    const std::shared_ptr<const grammar>& rules, unsigned seed, std::size_t longest = 400) const;

  /// Whether a grammar takes a text, token for token as this tokenizer has it, and may end there.
  bool takes(const std::shared_ptr<const grammar>& rules, const std::string& text) const;
  std::shared_ptr<const grammar> compile(
    grammar_kind kind, const std::string& source, const grammar_limits& limits = {}) const;
};

} // namespace troupe::text::testing
