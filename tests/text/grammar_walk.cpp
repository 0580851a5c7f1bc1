#include "tests/text/grammar_walk.hpp"

#include <algorithm>
#include <random>

namespace troupe::text::testing {

writer::writer(std::shared_ptr<const tokenizer> tokenizer, std::vector<token_id> ends)
    : writer{tokenizer, std::move(ends), tokenizer->vocabulary_size()} {}

writer::writer(std::shared_ptr<const tokenizer> tokenizer, std::vector<token_id> ends, std::size_t model_vocabulary)
    : tokens{std::move(tokenizer)},
      vocabulary{grammar_vocabulary::make(tokens, ends, model_vocabulary)},
      eos{std::move(ends)} {}

std::vector<std::uint32_t> writer::mask(grammar_state& state) const {
  std::vector<std::uint32_t> bits(vocabulary->mask_words(), 0xdeadbeef);
  state.allowed(bits);
  return bits;
}

std::vector<token_id> writer::tokens_of(std::span<const std::uint32_t> mask) {
  std::vector<token_id> list;
  for (std::size_t i = 0; i < mask.size() * 32; ++i)
    if (mask[i / 32] >> (i % 32) & 1)
      list.push_back(static_cast<token_id>(i));
  return list;
}

std::optional<std::string> writer::walk(
  const std::shared_ptr<const grammar>& rules, unsigned seed, std::size_t longest) const {
  std::mt19937 draw{seed};
  // How long this walk goes wherever it may: some end soon, some late.
  const std::size_t free_steps = 4 + draw() % 60;
  grammar_state state{rules};
  std::string text;
  for (std::size_t step = 0; step < longest; ++step) {
    auto list = tokens_of(mask(state));
    const auto ends = [&](token_id token) { return std::find(eos.begin(), eos.end(), token) != eos.end(); };
    if (step >= free_steps || draw() % 3 == 0) {
      if (std::any_of(list.begin(), list.end(), ends))
        return text;
      std::vector<token_id> closing;
      for (const auto token : list) {
        const auto bytes = tokens->token_bytes(token);
        if (bytes.size() == 1 && (bytes == "\"" || bytes == "}" || bytes == "]" || bytes == "," || bytes == "0"))
          closing.push_back(token);
      }
      if (!closing.empty() && draw() % 4 != 0)
        list = closing;
    }
    list.erase(std::remove_if(list.begin(), list.end(), ends), list.end());
    if (list.empty())
      return text;
    const auto token = list[draw() % list.size()];
    if (!state.accept(token))
      throw std::runtime_error("a token of the mask was not accepted");
    text += tokens->token_bytes(token);
  }
  return std::nullopt;
}

bool writer::takes(const std::shared_ptr<const grammar>& rules, const std::string& text) const {
  grammar_state state{rules};
  return state.accept_all(tokens->encode(text, tokenizer::control::literal, false)) && state.may_end();
}

std::shared_ptr<const grammar> writer::compile(
  grammar_kind kind, const std::string& source, const grammar_limits& limits) const {
  return grammar::compile(vocabulary, kind, source, limits);
}

} // namespace troupe::text::testing
