#include "tests/simulation/undisturbed.hpp"

#include <algorithm>
#include <bit>

#include "actors/prompt.hpp"
#include "tests/support/tiny_text.hpp"

namespace troupe::simulation {

namespace {

/// The text up to the stop string that ends first. Returns whether there was one.
bool cut_at_stop(std::string& text, const std::vector<std::string>& stops) {
  auto begin = std::string::npos;
  auto end = std::string::npos;
  for (const auto& stop : stops) {
    const auto found = text.find(stop);
    if (found == std::string::npos)
      continue;
    if (found + stop.size() < end || (found + stop.size() == end && found < begin)) {
      begin = found;
      end = found + stop.size();
    }
  }
  if (end == std::string::npos)
    return false;
  text.resize(begin);
  return true;
}

undisturbed_choice scored(std::vector<token_id> tokens, const std::vector<token_id>& given) {
  undisturbed_choice out;
  out.finish = finish_reason::stop;
  out.given = given;
  for (const auto token : given) {
    out.logprobs.push_back(std::bit_cast<std::uint32_t>(test::fake_score(tokens, token)));
    tokens.push_back(token);
  }
  return out;
}

undisturbed_choice embedded(const std::vector<token_id>& tokens, engine::pooling pool) {
  undisturbed_choice out;
  out.finish = finish_reason::stop;
  out.embedding = test::expected_embedding(tokens, pool);
  return out;
}

} // namespace

test::fake_engine_options engine_of(const scenario& story, const std::string& model) {
  test::fake_engine_options out;
  out.vocabulary = test::tiny_vocabulary;
  out.eos = test::tiny_im_end;
  out.salt = model == "mini" ? 1 : 0;
  out.poison = poison;
  out.context = story.context;
  out.block_size = story.block_size;
  out.kv_blocks = story.blocks;
  out.max_sequences = story.slots;
  out.max_step_tokens = story.step_tokens;
  if (story.eos_after > 0)
    out.eos_after = story.eos_after;
  return out;
}

undisturbed_answer answer_of(const scenario& story, const native_request& request) {
  const auto text = test::tiny_text(story.context);
  const auto engine = engine_of(story, request.model);
  const auto& params = request.params;
  undisturbed_answer out;
  const auto prompt = encode_prompt(1, request, text);
  if (!prompt.ok) {
    out.failure = prompt.reason.code;
    return out;
  }
  out.prompt_tokens = static_cast<std::uint32_t>(prompt.tokens.size());
  out.truncated_messages = prompt.truncated_messages;
  if (std::find(prompt.tokens.begin(), prompt.tokens.end(), poison) != prompt.tokens.end()) {
    out.failure = failure_code::internal_error;
    return out;
  }
  if (request.kind == work_kind::embed)
    out.choices.push_back(embedded(prompt.tokens, request.pool));
  for (const auto& given : prompt.continuations) {
    out.prompt_tokens += static_cast<std::uint32_t>(given.size());
    out.choices.push_back(scored(prompt.tokens, given));
  }
  if (request.kind != work_kind::generate)
    return out;
  engine::sampling_params sampling;
  sampling.seed = params.has_seed ? params.seed : drawn_seed;
  const auto bound = params.max_tokens == 0 ? story.context : params.max_tokens;
  for (std::uint32_t choice = 0; choice < std::max(params.choices, 1U); ++choice) {
    undisturbed_choice one;
    one.tokens = test::expected_answer(engine, prompt.tokens, bound, sampling, choice, params.ignore_eos);
    one.text = text.tokenizer->decode(one.tokens, true);
    const bool ends = one.tokens.back() == engine.eos && !params.ignore_eos;
    if (cut_at_stop(one.text, params.stop) || ends)
      one.finish = finish_reason::stop;
    out.choices.push_back(std::move(one));
  }
  return out;
}

} // namespace troupe::simulation
