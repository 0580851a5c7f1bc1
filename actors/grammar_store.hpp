// Compiled grammars, shared by those who check them and those who run them.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/protocol/types.hpp"
#include "text/grammar.hpp"

namespace troupe {

/// Compiles each grammar once and keeps the last ones used. The encoder compiles a request's grammar before its
/// sequence asks for a place, so that the worker, which looks here too, finds it and waits for nothing; what is not
/// here any more is compiled again. Thread safe.
class grammar_store {
public:
  /// `eos` are the tokens that end an answer. `most` compiled grammars are kept.
  grammar_store(std::shared_ptr<const text::tokenizer> tokens, std::vector<token_id> eos, std::size_t most = 64);

  /// The compiled form. Throws `text::grammar_error` for a grammar that cannot be used, `text::text_error` for a
  /// vocabulary that cannot have any.
  std::shared_ptr<const text::grammar> get(text::grammar_kind kind, const std::string& source);

  /// Words of a mask over the vocabulary.
  std::size_t mask_words();

private:
  struct entry {
    text::grammar_kind kind;
    std::string source;
    std::shared_ptr<const text::grammar> compiled;
  };

  std::shared_ptr<const text::grammar> find(text::grammar_kind kind, const std::string& source);
  std::shared_ptr<const text::grammar_vocabulary> vocabulary();

  std::shared_ptr<const text::tokenizer> tokens_;
  std::vector<token_id> eos_;
  std::size_t most_;
  std::once_flag made_;
  std::shared_ptr<const text::grammar_vocabulary> vocabulary_;
  std::mutex mutex_;
  /// The last one used first.
  std::list<entry> entries_;
};

} // namespace troupe
