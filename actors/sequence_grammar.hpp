// Keeps one resident sequence to its grammar.
#pragma once

#include <cstdint>
#include <exception>
#include <future>
#include <memory>
#include <span>
#include <vector>

#include "actors/grammar_store.hpp"
#include "engine/engine.hpp"

namespace troupe {

/// Where a sequence is in its grammar, and which tokens may come next.
///
/// A step with constrained rows begins with `find_out`, which works on a thread of its own while the step goes through
/// the model; the engine asks `allowed` when it draws, and waits if it must. Not thread safe otherwise: its worker
/// owns it.
class sequence_grammar final : public engine::token_filter {
public:
  /// `drawn` are the tokens that the sequence has beyond its prompt. Throws what `grammar_store::get` throws, and
  /// `text::text_error` when the grammar does not take one of `drawn`.
  sequence_grammar(
    grammar_store& store, text::grammar_kind kind, const std::string& source, std::span<const token_id> drawn);

  /// Waits for what was begun.
  ~sequence_grammar() override;
  sequence_grammar(const sequence_grammar&) = delete;
  sequence_grammar& operator=(const sequence_grammar&) = delete;

  /// Begins to find out what may come next, for all of them on one thread.
  static void find_out(const std::vector<sequence_grammar*>& all);

  /// Throws what went wrong while it was found out: `text::text_error`.
  std::span<const std::uint32_t> allowed() override;

  /// Takes the drawn token. Throws `text::text_error` when it is not allowed, or the grammar cannot go on.
  void accept(token_id token);

private:
  void compute() noexcept;

  text::grammar_state state_;
  std::vector<std::uint32_t> mask_;
  std::exception_ptr wrong_;
  std::shared_future<void> found_;
};

} // namespace troupe
