// How a model's files describe its tokenizer, template and defaults. Needs no tensor.
#include "engine/engine.hpp"
#include "engine/files/gguf_parts.hpp"
#include "engine/files/json_file.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace troupe::engine {

namespace {

constexpr std::size_t max_tokenizer = std::size_t{256} << 20;
constexpr std::size_t max_template = std::size_t{1} << 20;

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

text_assets read_gguf(const std::filesystem::path& path) {
  const gguf_file file(first_part(path));
  const auto text_of = [&](const std::string& key) { return file.has(key) ? file.text(key) : std::string(); };
  const auto flag_of = [&](const std::string& key) { return file.has(key) && file.flag(key); };
  text_assets assets;
  assets.tokenizer_model = file.text("tokenizer.ggml.model");
  assets.pre_tokenizer = text_of("tokenizer.ggml.pre");
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
  const auto vocabulary = assets.tokens.size();
  if (!assets.token_types.empty() && assets.token_types.size() != vocabulary)
    throw load_error(path.string() + ": metadata 'tokenizer.ggml.token_type' must have as many entries as tokens, " +
      std::to_string(vocabulary) + ", got " + std::to_string(assets.token_types.size()));
  assets.bos = special_token(file, "bos", vocabulary);
  assets.unknown = special_token(file, "unknown", vocabulary);
  assets.add_bos = flag_of("tokenizer.ggml.add_bos_token");
  assets.add_eos = flag_of("tokenizer.ggml.add_eos_token");
  for (const auto* name : {"eos", "eot", "eom"})
    if (const auto id = special_token(file, name, vocabulary))
      add_once(assets.eos, *id);
  assets.chat_template = text_of("tokenizer.chat_template");
  if (assets.bos)
    assets.bos_text = assets.tokens[static_cast<std::size_t>(*assets.bos)];
  if (const auto eos = special_token(file, "eos", vocabulary))
    assets.eos_text = assets.tokens[static_cast<std::size_t>(*eos)];
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
std::string template_of(const json_fields& fields) {
  const auto* value = fields.find("chat_template");
  if (!value || !value->is_array())
    return fields.text("chat_template").value_or("");
  for (const auto& entry : value->get_array())
    if (entry.is_object()) {
      const json_fields named(entry.get_object(), "chat_template");
      if (named.text("name") == "default")
        return named.text("template").value_or("");
    }
  return "";
}

void add_generation_config(text_assets& assets, const json_fields& fields) {
  for (const auto id : token_ids(fields, "eos_token_id"))
    add_once(assets.eos, id);
  // Sampling defaults count only where the model's authors meant sampling.
  if (!fields.flag("do_sample").value_or(false))
    return;
  if (const auto value = fields.number("temperature"))
    assets.temperature = static_cast<float>(*value);
  if (const auto value = fields.number("top_p"))
    assets.top_p = static_cast<float>(*value);
  if (const auto value = fields.count("top_k"))
    assets.top_k = static_cast<std::int32_t>(std::min<std::size_t>(*value, INT32_MAX));
}

text_assets read_folder(const std::filesystem::path& folder) {
  text_assets assets;
  assets.tokenizer_json = read_file(folder / "tokenizer.json", max_tokenizer);
  const auto is_there = [&](const char* name) { return std::filesystem::exists(folder / name); };
  if (is_there("tokenizer_config.json")) {
    const auto fields = read_json(folder / "tokenizer_config.json");
    assets.bos_text = token_text(fields, "bos_token");
    assets.eos_text = token_text(fields, "eos_token");
    assets.add_bos = fields.flag("add_bos_token").value_or(false);
    assets.add_eos = fields.flag("add_eos_token").value_or(false);
    assets.chat_template = template_of(fields);
  }
  if (is_there("chat_template.jinja"))
    assets.chat_template = read_file(folder / "chat_template.jinja", max_template);
  if (is_there("generation_config.json"))
    add_generation_config(assets, read_json(folder / "generation_config.json"));
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
