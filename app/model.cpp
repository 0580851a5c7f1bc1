#include "app/model.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <limits>
#include <utility>

#include <spdlog/spdlog.h>

#include "actors/model_memory.hpp"
#include "http/api/tool_format.hpp"

namespace troupe::app {

namespace {

engine::model_info take_measure(worker_options& worker) {
  auto info = engine::inspect_model(worker.engine);
  worker.weight_bytes = info.weight_bytes;
  worker.kv_bytes = info.kv_bytes;
  return info;
}

/// A model as its workers see it.
struct model_look {
  /// What every worker can take.
  std::size_t context = std::numeric_limits<std::uint32_t>::max();
  std::size_t vocabulary = std::numeric_limits<std::uint32_t>::max();
  /// What the first worker sees; empty where the model has none.
  engine::model_info first;
};

/// Of those that can load. Throws why the first one cannot when none can.
model_look look_at(std::vector<worker_options>& workers, const std::string& model) {
  model_look seen;
  bool loads = false;
  std::exception_ptr reason;
  for (worker_options& worker : workers) {
    if (worker.model != model)
      continue;
    try {
      auto info = take_measure(worker);
      seen.context = std::min(seen.context, info.context);
      seen.vocabulary = std::min(seen.vocabulary, info.vocabulary);
      if (!std::exchange(loads, true))
        seen.first = std::move(info);
    } catch (const engine::load_error&) {
      if (!reason)
        reason = std::current_exception();
    }
  }
  if (!loads && reason)
    std::rethrow_exception(reason);
  return seen;
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

/// Another model, adapter, dtype or version gives another one.
std::string fingerprint(const engine::model_info& info, const std::string& adapter = {}) {
  if (info.digest.empty())
    return {};
  return "fp_" + info.digest.substr(0, 12) + (adapter.empty() ? "" : "_" + adapter.substr(0, 12)) + '_' + info.dtype +
    "_" TROUPE_VERSION;
}

model_text read_text(const config::model_entry& model, const engine::text_assets& assets, const model_look& seen) {
  model_text result;
  result.context = static_cast<std::uint32_t>(seen.context);
  result.tokenizer = of_model(model.path, [&] { return make_tokenizer(assets); });
  if (const auto size = result.tokenizer->vocabulary_size(); size > seen.vocabulary)
    spdlog::warn("{}: the tokenizer has {} tokens, the weights have {}: requests with those above will fail",
      model.path.string(), size, seen.vocabulary);
  if (assets.chat_template.empty())
    spdlog::warn("{} has no chat template: chat requests will be refused", model.path.string());
  else
    result.chat_template = of_model(model.path, [&] {
      return std::make_shared<const text::chat_template>(assets.chat_template, assets.bos_text, assets.eos_text);
    });
  if (!assets.eos.empty())
    result.grammars = std::make_shared<grammar_store>(result.tokenizer, assets.eos);
  return result;
}

http::served_model shown(
  const config::model_entry& model, const engine::text_assets& assets, const model_text& text, const model_look& seen) {
  http::served_model served{model.name, written_at(model.path), text.context};
  served.aliases = model.aliases;
  served.temperature = assets.temperature.value_or(static_cast<float>(model.temperature));
  served.top_p = assets.top_p.value_or(served.top_p);
  served.top_k = assets.top_k.value_or(served.top_k);
  served.min_p = assets.min_p.value_or(served.min_p);
  served.repetition_penalty = assets.repetition_penalty.value_or(served.repetition_penalty);
  served.fingerprint = fingerprint(seen.first);
  served.vocabulary = std::min(text.tokenizer->vocabulary_size(), seen.vocabulary);
  served.embedding = seen.first.hidden;
  served.pooling = model.pooling;
  served.calls = http::api::detect_tool_format(assets.chat_template);
  served.thinks = http::api::template_thinks(assets.chat_template);
  served.begins_in_thoughts = served.thinks && opens_thoughts(*text.chat_template);
  return served;
}

/// An adapter as a model of its own: `base:name`, or its name alone.
http::served_model shown(const config::model_entry& model, const http::served_model& base, bool first,
  const engine::adapter_info& adapter, const engine::model_info& info) {
  http::served_model served = base;
  served.parent = base.name;
  served.adapter = adapter.digest;
  served.name = base.name + ':' + adapter.name;
  served.aliases = {adapter.name};
  for (const std::string& alias : model.aliases)
    served.aliases.push_back(alias + ':' + adapter.name);
  if (first && base.name != "default")
    served.aliases.push_back("default:" + adapter.name);
  served.fingerprint = fingerprint(info, adapter.digest);
  return served;
}

} // namespace

void size_up(worker_options& worker) {
  take_measure(worker);
}

void check_budget(const config::config& c) {
  const auto& memory = c.company.supervisor.memory;
  std::uint64_t at_start = 0;
  std::string holders;
  for (const config::model_entry& model : c.models) {
    model_size size;
    for (const worker_options& worker : c.company.workers)
      if (worker.model == model.name)
        size.add(worker);
    if (memory.budget != 0 && size.bytes() > memory.budget)
      throw config::config_error{"memory.budget must hold each model: '" + model.name + "' needs " +
        bytes_text(size.bytes()) + ", got " + bytes_text(memory.budget)};
    if (model.stay.on_demand)
      continue;
    at_start += size.bytes();
    holders += (holders.empty() ? "'" : ", '") + model.name + "' " + bytes_text(size.bytes());
  }
  if (memory.budget != 0 && at_start > memory.budget)
    throw config::config_error{"memory.budget must hold all models that are loaded at the start (" + holders +
      "; load = \"on-demand\" loads one later), got " + bytes_text(memory.budget)};
}

model_texts prepare_models(config::config& c) {
  model_texts result;
  auto& workers = c.company.workers;
  // Behind all models: `default` is the first of the list.
  std::vector<http::served_model> adapters;
  for (const config::model_entry& model : c.models) {
    const auto seen = look_at(workers, model.name);
    const engine::text_assets assets = engine::read_text_assets(model.path);
    model_text text = read_text(model, assets, seen);
    c.company.gateway.contexts.emplace(model.name, seen.context);
    for (worker_options& worker : workers)
      if (worker.model == model.name)
        worker.eos = assets.eos;
    c.http.models.push_back(shown(model, assets, text, seen));
    for (const engine::adapter_info& adapter : seen.first.adapters)
      adapters.push_back(shown(model, c.http.models.back(), &model == &c.models.front(), adapter, seen.first));
    result.emplace(model.name, std::move(text));
  }
  c.http.models.insert(c.http.models.end(), adapters.begin(), adapters.end());
  check_budget(c);
  return result;
}

} // namespace troupe::app
