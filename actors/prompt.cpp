#include "actors/prompt.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "actors/protocol/limits.hpp"
#include "actors/protocol/names.hpp"

namespace troupe {

namespace {

/// Each may be told with the likeliest one beside it.
constexpr std::size_t most_scored_tokens = limits::logprob_entries / 2;

encoded_prompt refused(run_id run, failure_code code, std::string message, std::string param) {
  encoded_prompt out;
  out.run = run;
  out.ok = false;
  out.reason = failure{code, std::move(message), std::move(param), timespan{0}};
  return out;
}

/// Tokenizes with the `dropped` oldest messages that may give way left out.
std::vector<token_id> encode_messages(const native_request& request, const model_text& text, std::size_t dropped) {
  text::template_input input;
  const auto& messages = request.messages;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const bool stays = messages[i].role == "system" || i + 1 == messages.size();
    if (!stays && dropped > 0) {
      --dropped;
      continue;
    }
    input.messages.push_back({messages[i].role, messages[i].content, messages[i].tool_calls, messages[i].tool_call_id});
  }
  input.tools_json = request.tools;
  return text.chat_template->encode(input, *text.tokenizer);
}

std::size_t droppable(const native_request& request) {
  std::size_t count = 0;
  for (std::size_t i = 0; i + 1 < request.messages.size(); ++i)
    count += request.messages[i].role != "system";
  return count;
}

/// The prompt with the fewest messages dropped that has at most `limit` tokens; what is left when all are dropped if
/// none has. Searches by halves, as a prompt only gets shorter with each message less.
std::pair<std::vector<token_id>, std::size_t> trim(
  const native_request& request, const model_text& text, std::size_t limit) {
  auto tokens = encode_messages(request, text, 0);
  std::size_t most = droppable(request);
  if (tokens.size() <= limit || most == 0)
    return {std::move(tokens), 0};
  tokens = encode_messages(request, text, most);
  // `most` fits, `least` does not.
  std::size_t least = 0;
  while (tokens.size() <= limit && most - least > 1) {
    const auto middle = least + (most - least) / 2;
    auto shorter = encode_messages(request, text, middle);
    if (shorter.size() <= limit) {
      most = middle;
      tokens = std::move(shorter);
    } else {
      least = middle;
    }
  }
  return {std::move(tokens), most};
}

encoded_prompt check_length(encoded_prompt out, const native_request& request, std::size_t context) {
  const auto size = std::to_string(out.tokens.size());
  if (out.tokens.empty())
    return refused(out.run, failure_code::invalid_request, "the prompt has no tokens", prompt_field(request));
  if (request.trim_to_tokens > 0 && request.trim_to_tokens < context && out.tokens.size() > request.trim_to_tokens)
    return refused(out.run, failure_code::context_length_exceeded,
      "the prompt without its history must have at most " + std::to_string(request.trim_to_tokens) + " tokens, got " +
        size,
      prompt_field(request));
  for (std::size_t i = 0; i < out.continuations.size(); ++i)
    if (const auto all = out.tokens.size() + out.continuations[i].size(); all >= context)
      return refused(out.run, failure_code::context_length_exceeded,
        "prompt and continuations[" + std::to_string(i) + "] must have less than " + std::to_string(context) +
          " tokens together, got " + std::to_string(all),
        "continuations[" + std::to_string(i) + "]");
  if (out.tokens.size() >= context)
    return refused(out.run, failure_code::context_length_exceeded,
      "this model's maximum context length is " + std::to_string(context) +
        " tokens, prompt and answer together, but the prompt has " + size + " tokens",
      prompt_field(request));
  return out;
}

/// Why these ids are none of the vocabulary's; nothing when they are.
std::string foreign_token(const std::vector<token_id>& tokens, const std::string& field, std::size_t vocabulary) {
  for (const auto token : tokens)
    if (token < 0 || static_cast<std::size_t>(token) >= vocabulary)
      return field + ": a token must be between 0 and " + std::to_string(vocabulary - 1) + ", got " +
        std::to_string(token);
  return {};
}

/// The tokens that a continuation adds behind the prompt's: those of both texts together without as many as the prompt
/// alone has. A tokenizer may cut the two together otherwise than apart; this is how evaluation harnesses count.
std::vector<token_id> tokens_behind(
  const native_request& request, const continuation& one, std::size_t prompt_tokens, const text::tokenizer& tokenizer) {
  if (one.text.empty())
    return one.tokens;
  if (request.form != prompt_form::text)
    return tokenizer.encode(one.text, text::tokenizer::control::parse, false);
  auto all = tokenizer.encode(request.prompt + one.text, text::tokenizer::control::parse, request.add_special);
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(prompt_tokens, all.size())));
  return all;
}

/// Adds what is to be scored behind the prompt.
encoded_prompt encode_continuations(encoded_prompt out, const native_request& request, const model_text& text) {
  std::size_t scored = 0;
  for (const auto& one : request.continuations) {
    const auto field = "continuations[" + std::to_string(out.continuations.size()) + "]";
    auto tokens = tokens_behind(request, one, out.tokens.size(), *text.tokenizer);
    if (auto why = foreign_token(tokens, field, text.tokenizer->vocabulary_size()); !why.empty())
      return refused(out.run, failure_code::invalid_request, std::move(why), field);
    if (tokens.empty())
      return refused(out.run, failure_code::invalid_request, field + " adds no token to the prompt", field);
    scored += tokens.size();
    if (scored > most_scored_tokens)
      return refused(out.run, failure_code::invalid_request,
        "continuations must have at most " + std::to_string(most_scored_tokens) + " tokens together, got " +
          std::to_string(scored) + " with " + field,
        "continuations");
    out.continuations.push_back(std::move(tokens));
  }
  return out;
}

encoded_prompt encode(run_id run, const native_request& request, const model_text& text) {
  encoded_prompt out;
  out.run = run;
  switch (request.form) {
  case prompt_form::messages: {
    if (!text.chat_template)
      return refused(run, failure_code::invalid_request, "the model has no chat template: send a text prompt",
        prompt_field(request));
    const std::size_t room = text.context > 0 ? text.context - 1 : 0;
    if (request.trim_to_tokens > 0) {
      auto [tokens, dropped] = trim(request, text, std::min<std::size_t>(request.trim_to_tokens, room));
      out.tokens = std::move(tokens);
      out.truncated_messages = static_cast<std::uint32_t>(dropped);
    } else {
      out.tokens = encode_messages(request, text, 0);
    }
    break;
  }
  case prompt_form::text:
    out.tokens = text.tokenizer->encode(request.prompt, text::tokenizer::control::parse, request.add_special);
    break;
  case prompt_form::tokens: {
    auto why = foreign_token(request.prompt_tokens, prompt_field(request), text.tokenizer->vocabulary_size());
    if (!why.empty())
      return refused(run, failure_code::invalid_request, std::move(why), prompt_field(request));
    out.tokens = request.prompt_tokens;
    break;
  }
  }
  return encode_continuations(std::move(out), request, text);
}

} // namespace

std::size_t prompt_bytes(const native_request& request) {
  // Each continuation is tokenized with the prompt before it.
  std::size_t bytes = request.prompt.size() * (1 + request.continuations.size());
  for (const auto& one : request.continuations)
    bytes += one.text.size();
  for (const auto& message : request.messages)
    bytes += message.role.size() + message.content.size();
  return bytes;
}

encoded_prompt tokenize_prompt(run_id run, const native_request& request, const model_text& text) {
  try {
    return encode(run, request, text);
  } catch (const text::text_error& e) {
    return refused(run, failure_code::invalid_request, prompt_field(request) + ": " + e.what(), prompt_field(request));
  }
}

namespace {

/// What else a run needs of the vocabulary.
encoded_prompt check_biases(encoded_prompt out, const native_request& request, const model_text& text) {
  const auto vocabulary = text.tokenizer->vocabulary_size();
  for (const auto& [token, bias] : request.params.logit_bias)
    if (token < 0 || static_cast<std::size_t>(token) >= vocabulary)
      return refused(out.run, failure_code::invalid_request,
        "logit_bias: a token must be between 0 and " + std::to_string(vocabulary - 1) + ", got " +
          std::to_string(token),
        "logit_bias");
  return out;
}

encoded_prompt check_grammar(encoded_prompt out, const native_request& request, const model_text& text) {
  const auto kind = request.params.grammar;
  if (kind == text::grammar_kind::none)
    return out;
  const auto refuse = [&](const std::string& why) {
    return refused(out.run, failure_code::invalid_request, request.grammar_field + ": " + why, request.grammar_field);
  };
  if (!text.grammars)
    return refuse("answers of this model cannot be held to a grammar");
  try {
    text.grammars->get(kind, request.params.grammar_source);
    return out;
  } catch (const text::grammar_error& e) {
    return refuse(
      e.pointer() ? "at " + (e.pointer()->empty() ? "its root" : *e.pointer()) + ": " + e.what() : e.what());
  } catch (const text::text_error& e) {
    return refuse(e.what());
  }
}

} // namespace

encoded_prompt encode_prompt(run_id run, const native_request& request, const model_text& text) {
  auto out = tokenize_prompt(run, request, text);
  if (out.ok)
    out = check_length(std::move(out), request, text.context);
  if (out.ok)
    out = check_biases(std::move(out), request, text);
  return out.ok ? check_grammar(std::move(out), request, text) : out;
}

} // namespace troupe
