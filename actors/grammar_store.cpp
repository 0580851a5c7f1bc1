#include "actors/grammar_store.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

grammar_store::grammar_store(std::shared_ptr<const text::tokenizer> tokens, std::vector<token_id> eos, std::size_t most)
    : tokens_{std::move(tokens)},
      eos_{std::move(eos)},
      most_{most} {}

std::shared_ptr<const text::grammar> grammar_store::get(text::grammar_kind kind, const std::string& source) {
  if (auto found = find(kind, source))
    return found;
  // Without the lock: who needs another grammar meanwhile does not wait for this one. Two may compile the same.
  auto compiled = text::grammar::compile(vocabulary(), kind, source);
  const std::lock_guard lock{mutex_};
  entries_.push_front({kind, source, compiled});
  if (entries_.size() > most_)
    entries_.pop_back();
  return compiled;
}

std::size_t grammar_store::mask_words() {
  return vocabulary()->mask_words();
}

std::shared_ptr<const text::grammar> grammar_store::find(text::grammar_kind kind, const std::string& source) {
  const std::lock_guard lock{mutex_};
  const auto found = std::find_if(
    entries_.begin(), entries_.end(), [&](const entry& x) { return x.kind == kind && x.source == source; });
  if (found == entries_.end())
    return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return found->compiled;
}

std::shared_ptr<const text::grammar_vocabulary> grammar_store::vocabulary() {
  std::call_once(
    made_, [this] { vocabulary_ = text::grammar_vocabulary::make(tokens_, eos_, tokens_->vocabulary_size()); });
  return vocabulary_;
}

} // namespace troupe
