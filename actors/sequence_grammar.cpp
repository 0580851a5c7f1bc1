#include "actors/sequence_grammar.hpp"

#include <string>

namespace troupe {

sequence_grammar::sequence_grammar(
  grammar_store& store, text::grammar_kind kind, const std::string& source, std::span<const token_id> drawn)
    : state_{store.get(kind, source)},
      mask_(store.mask_words()) {
  if (!state_.accept_all(drawn))
    throw text::text_error{"the grammar does not take the tokens that were drawn before"};
}

sequence_grammar::~sequence_grammar() {
  if (found_.valid())
    found_.wait();
}

void sequence_grammar::find_out(const std::vector<sequence_grammar*>& all) {
  if (all.empty())
    return;
  const std::shared_future<void> done = std::async([all] {
    for (auto* one : all)
      one->compute();
  });
  for (auto* one : all)
    one->found_ = done;
}

std::span<const std::uint32_t> sequence_grammar::allowed() {
  found_.wait();
  if (wrong_)
    std::rethrow_exception(wrong_);
  return mask_;
}

void sequence_grammar::accept(token_id token) {
  if (!state_.accept(token))
    throw text::text_error{"the grammar does not take token " + std::to_string(token)};
}

void sequence_grammar::compute() noexcept {
  try {
    state_.allowed(mask_);
  } catch (...) {
    wrong_ = std::current_exception();
  }
}

} // namespace troupe
