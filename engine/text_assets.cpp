// How a model's files describe its tokenizer, template and defaults. Needs no tensor.
#include "engine/engine.hpp"
#include "engine/files/gguf_parts.hpp"
#include "engine/files/json_file.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <sstream>

namespace troupe::engine {

namespace {

constexpr std::size_t max_tokenizer = std::size_t{64} << 20;
constexpr std::size_t max_template = std::size_t{1} << 20;
constexpr double least_penalty = 0.01;

void add_once(std::vector<token_id>& tokens, token_id token) {
  if (std::find(tokens.begin(), tokens.end(), token) == tokens.end())
    tokens.push_back(token);
}

std::optional<token_id> special_token(const gguf_file& file, const std::string& name, std::size_t vocabulary) {
  const auto key = "tokenizer.ggml." + name + "_token_id";
  if (!file.has(key))
    return std::nullopt;
  const auto id = file.count(key);
  if (id >= vocabulary)
    throw load_error(file.path().string() + ": metadata '" + key + "' must be below " + std::to_string(vocabulary) +
      ", got " + std::to_string(id));
  return static_cast<token_id>(id);
}

/// A default for silent requests: bounded as what a request may say is.
std::optional<float> bounded(
  const std::optional<double>& value, double least, double most, const std::string& file, const std::string& name) {
  if (!value)
    return std::nullopt;
  if (!(*value >= least && *value <= most)) {
    std::ostringstream text;
    text << file << ": " << name << " must be between " << least << " and " << most << ", got " << *value;
    throw load_error(text.str());
  }
  return static_cast<float>(*value);
}

void add_gguf_sampling(text_assets& assets, const gguf_file& file) {
  const auto read = [&](const std::string& word, double least, double most) {
    const auto key = "general.sampling." + word;
    const auto value = file.has(key) ? std::optional(file.number(key)) : std::nullopt;
    return bounded(value, least, most, file.path().string(), "metadata '" + key + "'");
  };
  assets.temperature = read("temp", 0, 2);
  assets.top_p = read("top_p", 0, 1);
  assets.min_p = read("min_p", 0, 1);
  assets.repetition_penalty = read("penalty_repeat", least_penalty, 2);
  if (const std::string key = "general.sampling.top_k"; file.has(key))
    assets.top_k = static_cast<std::int32_t>(std::min<std::uint64_t>(file.count(key), INT32_MAX));
}

/// Whether files with this pre-tokenizer put the first token before every prompt when they do not say so.
bool begins_with_bos(const std::string& pre) {
  constexpr std::array<std::string_view, 6> known{"falcon3", "llama-bpe", "llama-v3", "llama3", "pixtral", "tekken"};
  return std::find(known.begin(), known.end(), pre) != known.end();
}

/// Adds the control tokens that end a turn in the families' templates: many files name the end of a text alone.
void add_turn_ends(text_assets& assets) {
  constexpr std::array<std::string_view, 5> known{"<|im_end|>", "<|end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>"};
  constexpr std::int32_t control = 3;
  for (std::size_t id = 0; id < assets.token_types.size(); ++id)
    if (assets.token_types[id] == control && std::find(known.begin(), known.end(), assets.tokens[id]) != known.end())
      add_once(assets.eos, static_cast<token_id>(id));
}

std::string text_or_nothing(const gguf_file& file, const std::string& key) {
  return file.has(key) ? file.text(key) : std::string();
}

void add_vocabulary(text_assets& assets, const gguf_file& file) {
  assets.tokenizer_model = file.text("tokenizer.ggml.model");
  assets.pre_tokenizer = text_or_nothing(file, "tokenizer.ggml.pre");
  assets.tokens = file.texts("tokenizer.ggml.tokens");
  if (file.has("tokenizer.ggml.merges"))
    assets.merges = file.texts("tokenizer.ggml.merges");
  if (file.has("tokenizer.ggml.token_type")) {
    const auto types = file.integers("tokenizer.ggml.token_type");
    assets.token_types.assign(types.begin(), types.end());
  }
  if (file.has("tokenizer.ggml.scores")) {
    const auto& scores = file.numbers("tokenizer.ggml.scores");
    assets.scores.assign(scores.begin(), scores.end());
  }
  if (file.has("tokenizer.ggml.add_space_prefix"))
    assets.add_space_prefix = file.flag("tokenizer.ggml.add_space_prefix");
  const auto size = assets.tokens.size();
  if (!assets.token_types.empty() && assets.token_types.size() != size)
    throw load_error(file.path().string() +
      ": metadata 'tokenizer.ggml.token_type' must have as many entries as tokens, " + std::to_string(size) + ", got " +
      std::to_string(assets.token_types.size()));
}

void add_special_tokens(text_assets& assets, const gguf_file& file) {
  const auto vocabulary = assets.tokens.size();
  const auto flag_of = [&](const std::string& key, bool silent) { return file.has(key) ? file.flag(key) : silent; };
  // What a SentencePiece file means when it is silent: <unk>, <s> and </s> in this order.
  const bool pieces = assets.tokenizer_model == "llama" && vocabulary > 2;
  const auto token = [&](const std::string& name, token_id silent) {
    const auto id = special_token(file, name, vocabulary);
    return id || !pieces ? id : std::optional(silent);
  };
  assets.unknown = token("unknown", 0);
  assets.bos = token("bos", 1);
  const auto eos = token("eos", 2);
  assets.add_bos = flag_of("tokenizer.ggml.add_bos_token", pieces || begins_with_bos(assets.pre_tokenizer));
  assets.add_eos = flag_of("tokenizer.ggml.add_eos_token", false);
  for (const auto& id : {eos, special_token(file, "eot", vocabulary), special_token(file, "eom", vocabulary)})
    if (id)
      add_once(assets.eos, *id);
  add_turn_ends(assets);
  if (assets.bos)
    assets.bos_text = assets.tokens[static_cast<std::size_t>(*assets.bos)];
  if (eos)
    assets.eos_text = assets.tokens[static_cast<std::size_t>(*eos)];
}

text_assets read_gguf(const std::filesystem::path& path) {
  const gguf_file file(first_part(path));
  text_assets assets;
  add_vocabulary(assets, file);
  add_special_tokens(assets, file);
  add_gguf_sampling(assets, file);
  assets.chat_template = text_or_nothing(file, "tokenizer.chat_template");
  return assets;
}

/// A special token is a string, or an object that has it as `content`.
std::string token_text(const json_fields& fields, const char* name) {
  const auto* value = fields.find(name);
  if (!value)
    return "";
  if (value->is_object())
    return fields.object(name)->text("content").value_or("");
  return fields.text(name).value_or("");
}

/// One id or an array of ids.
std::vector<token_id> token_ids(const json_fields& fields, const char* name) {
  std::vector<token_id> ids;
  const auto* value = fields.find(name);
  if (!value)
    return ids;
  const auto add = [&](const boost::json::value& id) {
    if (!id.is_int64() || id.get_int64() < 0 || id.get_int64() > INT32_MAX)
      fields.refuse(name, "must be a token id or an array of token ids");
    ids.push_back(static_cast<token_id>(id.get_int64()));
  };
  if (value->is_array())
    for (const auto& id : value->get_array())
      add(id);
  else
    add(*value);
  return ids;
}

/// The template of `tokenizer_config.json`: a string, or named ones of which the one called `default` is taken.
std::string template_of(const json_fields& fields, const std::string& file) {
  const auto* value = fields.find("chat_template");
  if (!value || !value->is_array())
    return fields.text("chat_template").value_or("");
  for (const auto& entry : value->get_array())
    if (entry.is_object()) {
      const json_fields named(entry.get_object(), file + ": chat_template");
      if (named.text("name") == "default")
        return named.text("template").value_or("");
    }
  return "";
}

void add_generation_config(text_assets& assets, const json_fields& fields, const std::string& file) {
  const auto read = [&](const char* name, double least, double most) {
    return bounded(fields.number(name), least, most, file, name);
  };
  for (const auto id : token_ids(fields, "eos_token_id"))
    add_once(assets.eos, id);
  assets.repetition_penalty = read("repetition_penalty", least_penalty, 2);
  // Sampling defaults count only where the model's authors meant sampling.
  if (!fields.flag("do_sample").value_or(false))
    return;
  assets.temperature = read("temperature", 0, 2);
  assets.top_p = read("top_p", 0, 1);
  assets.min_p = read("min_p", 0, 1);
  if (const auto value = fields.count("top_k"))
    assets.top_k = static_cast<std::int32_t>(std::min<std::size_t>(*value, INT32_MAX));
}

text_assets read_folder(const std::filesystem::path& folder) {
  text_assets assets;
  assets.tokenizer_json = read_file(folder / "tokenizer.json", max_tokenizer);
  if (is_there(folder / "tokenizer_config.json")) {
    const auto file = folder / "tokenizer_config.json";
    const auto fields = read_json(file);
    assets.bos_text = token_text(fields, "bos_token");
    assets.eos_text = token_text(fields, "eos_token");
    assets.add_bos = fields.flag("add_bos_token").value_or(false);
    assets.add_eos = fields.flag("add_eos_token").value_or(false);
    assets.chat_template = template_of(fields, file.string());
  }
  if (is_there(folder / "chat_template.jinja"))
    assets.chat_template = read_file(folder / "chat_template.jinja", max_template);
  if (const auto file = folder / "generation_config.json"; is_there(file))
    add_generation_config(assets, read_json(file), file.string());
  const auto config = read_json(folder / "config.json");
  for (const auto id : token_ids(config, "eos_token_id"))
    add_once(assets.eos, id);
  if (const auto ids = token_ids(config, "bos_token_id"); !ids.empty())
    assets.bos = ids.front();
  return assets;
}

} // namespace

text_assets read_text_assets(const std::filesystem::path& model) {
  std::error_code error;
  return std::filesystem::is_directory(model, error) ? read_folder(model) : read_gguf(model);
}

} // namespace troupe::engine
