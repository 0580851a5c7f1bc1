#include "app/model.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <limits>

#include <spdlog/spdlog.h>

#include "http/api/tool_format.hpp"

namespace troupe::app {

namespace {

/// What every worker can take.
struct shared_bounds {
  std::size_t context = std::numeric_limits<std::uint32_t>::max();
  std::size_t vocabulary = std::numeric_limits<std::uint32_t>::max();
};

/// Of those that can load. Throws why the first one cannot when none can.
shared_bounds bounds_of(const std::vector<worker_options>& workers) {
  shared_bounds least;
  bool loads = false;
  std::exception_ptr reason;
  for (const worker_options& worker : workers) {
    try {
      const auto info = engine::inspect_model(worker.engine);
      least.context = std::min(least.context, info.context);
      least.vocabulary = std::min(least.vocabulary, info.vocabulary);
      loads = true;
    } catch (const engine::load_error&) {
      if (!reason)
        reason = std::current_exception();
    }
  }
  if (!loads && reason)
    std::rethrow_exception(reason);
  return least;
}

std::shared_ptr<const text::tokenizer> make_tokenizer(const engine::text_assets& assets) {
  if (!assets.tokenizer_json.empty())
    return text::tokenizer::from_json(assets.tokenizer_json);
  text::gguf_vocabulary vocabulary;
  vocabulary.tokens = assets.tokens;
  vocabulary.token_types = assets.token_types;
  vocabulary.merges = assets.merges;
  vocabulary.model = assets.tokenizer_model;
  vocabulary.pre = assets.pre_tokenizer;
  vocabulary.scores = assets.scores;
  vocabulary.add_space_prefix = assets.add_space_prefix;
  vocabulary.unknown = assets.unknown.value_or(-1);
  if (assets.add_bos)
    vocabulary.bos = assets.bos.value_or(-1);
  if (assets.add_eos && !assets.eos.empty())
    vocabulary.eos = assets.eos.front();
  return text::tokenizer::from_gguf(vocabulary);
}

/// What `make` returns; a refusal of it begins with the model's path.
template <class Make>
auto of_model(const std::filesystem::path& model, Make make) {
  try {
    return make();
  } catch (const text::text_error& error) {
    throw engine::load_error(model.string() + ": " + error.what());
  }
}

/// When the model's file was last written, in Unix seconds: what `/v1/models` calls `created`.
std::int64_t written_at(const std::filesystem::path& model) {
  const auto time = std::chrono::file_clock::to_sys(std::filesystem::last_write_time(model));
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

/// Whether an answer begins inside thoughts: the template has written `<think>` for it.
bool opens_thoughts(const text::chat_template& model_template) {
  try {
    text::template_input question;
    question.messages.push_back({"user", "?"});
    return http::api::prompt_opens_thoughts(model_template.render(question));
  } catch (const text::text_error&) {
    return false;
  }
}

/// Of the first worker's model that can be looked at: another model, dtype or version gives another one.
std::string fingerprint(const config::config& c) {
  for (const worker_options& worker : c.company.workers) {
    try {
      const auto info = engine::inspect_model(worker.engine);
      return "fp_" + info.digest.substr(0, 12) + "_" + info.dtype + "_" TROUPE_VERSION;
    } catch (const engine::load_error&) {
      continue;
    }
  }
  return {};
}

} // namespace

model_text prepare_model(config::config& c) {
  model_text result;
  const auto bounds = bounds_of(c.company.workers);
  result.context = static_cast<std::uint32_t>(bounds.context);
  c.company.gateway.context = result.context;
  const engine::text_assets assets = engine::read_text_assets(c.model_path);
  result.tokenizer = of_model(c.model_path, [&] { return make_tokenizer(assets); });
  if (const auto size = result.tokenizer->vocabulary_size(); size > bounds.vocabulary)
    spdlog::warn("{}: the tokenizer has {} tokens, the weights have {}: requests with those above will fail",
      c.model_path.string(), size, bounds.vocabulary);
  if (assets.chat_template.empty())
    spdlog::warn("{} has no chat template: chat requests will be refused", c.model_path.string());
  else
    result.chat_template = of_model(c.model_path, [&] {
      return std::make_shared<const text::chat_template>(assets.chat_template, assets.bos_text, assets.eos_text);
    });
  for (worker_options& worker : c.company.workers)
    worker.eos = assets.eos;
  if (!assets.eos.empty())
    result.grammars = std::make_shared<grammar_store>(result.tokenizer, assets.eos);
  http::served_model served{c.model_name, written_at(c.model_path), result.context};
  served.temperature = assets.temperature.value_or(static_cast<float>(c.temperature));
  served.top_p = assets.top_p.value_or(served.top_p);
  served.top_k = assets.top_k.value_or(served.top_k);
  served.min_p = assets.min_p.value_or(served.min_p);
  served.repetition_penalty = assets.repetition_penalty.value_or(served.repetition_penalty);
  served.fingerprint = fingerprint(c);
  served.vocabulary = result.tokenizer->vocabulary_size();
  served.calls = http::api::detect_tool_format(assets.chat_template);
  served.thinks = http::api::template_thinks(assets.chat_template);
  served.begins_in_thoughts = served.thinks && opens_thoughts(*result.chat_template);
  c.http.models = {std::move(served)};
  return result;
}

} // namespace troupe::app
