#include "engine/checkpoint.hpp"

#include "engine/digest.hpp"
#include "engine/engine.hpp"
#include "engine/files/gguf_parts.hpp"
#include "engine/files/json_file.hpp"
#include "engine/files/safetensors.hpp"
#include "engine/models/family.hpp"

#include <algorithm>
#include <set>

namespace troupe::engine {

namespace {

/// Tensors that a file may carry beside the weights: rotations, which are computed or already in the config, a second
/// copy of a tied head, and what looks at pictures.
bool may_be_unused(const checkpoint& model, const std::string& name) {
  if (model.format == file_format::gguf)
    return name == "rope_freqs.weight" || name == "rope_factors_long.weight" || name == "rope_factors_short.weight";
  const auto& foreign = model.config.kind->foreign_prefixes;
  if (std::any_of(foreign.begin(), foreign.end(), [&](auto prefix) { return name.starts_with(prefix); }))
    return true;
  return name.ends_with(".rotary_emb.inv_freq") || (name.ends_with("lm_head.weight") && model.config.tied_head);
}

/// `a, b, c and 7 more`
std::string listing(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(shown, names.size()); ++i)
    text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > shown)
    text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

/// Gives each needed weight its tensor, or names all that does not fit.
void match(checkpoint& model, const std::vector<stored_tensor>& tensors) {
  std::map<std::string, const stored_tensor*> by_name;
  for (const auto& tensor : tensors)
    if (!by_name.emplace(tensor.name, &tensor).second)
      throw load_error(tensor.file_name() + ": tensor '" + tensor.name + "' is in another file as well");
  std::vector<std::string> missing;
  std::vector<std::string> misshapen;
  std::vector<std::string> unused;
  for (const auto& weight : needed_weights(model.config, model.format)) {
    const auto& name = weight.name;
    const auto found = by_name.find(name);
    if (found == by_name.end()) {
      missing.push_back("'" + name + "'");
      continue;
    }
    if (found->second->shape != weight.shape)
      misshapen.push_back(
        "'" + name + "' is " + shape_text(found->second->shape) + ", not " + shape_text(weight.shape));
    model.weights.emplace(weight.key, *found->second);
    by_name.erase(found);
  }
  for (const auto& [name, tensor] : by_name)
    if (!may_be_unused(model, name))
      unused.push_back("'" + name + "'");
  std::string text;
  if (!missing.empty())
    text += "; missing weights: " + listing(missing);
  if (!misshapen.empty())
    text += "; weights of a wrong shape: " + listing(misshapen);
  if (!unused.empty())
    text += "; weights that the model has no use for: " + listing(unused);
  if (!text.empty())
    throw load_error(model.path.string() + ": " + text.substr(2));
}

/// The folder's safetensors files, by name: those of the index where there is one.
std::vector<std::filesystem::path> weight_files(const std::filesystem::path& folder) {
  const auto index = folder / "model.safetensors.index.json";
  std::set<std::filesystem::path> files;
  if (is_there(index)) {
    const auto map = read_json(index).object("weight_map");
    if (!map)
      throw load_error(index.string() + ": weight_map is missing");
    for (const auto& name : map->names()) {
      const std::filesystem::path file = map->text(name).value_or("");
      if (file.empty() || file != file.filename() || file == "." || file == "..")
        map->refuse(name, "must name a file in the same folder");
      files.insert(folder / file);
    }
    if (files.empty())
      throw load_error(index.string() + ": weight_map names no file");
  } else {
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (entry.path().extension() == ".safetensors")
        files.insert(entry.path());
  }
  if (files.empty())
    throw load_error(folder.string() + ": there is no .safetensors file");
  return {files.begin(), files.end()};
}

void open_folder(checkpoint& model) {
  const auto config_path = model.path / "config.json";
  model.format = file_format::hugging_face;
  model.config = read_config(read_json(config_path), config_path.string());
  digest identity;
  for (const auto* name : {"config.json", "tokenizer.json"})
    if (is_there(model.path / name)) {
      const model_file file(model.path / name);
      identity.add_file(file, file.size());
    }
  std::vector<stored_tensor> tensors;
  for (const auto& path : weight_files(model.path)) {
    const safetensors_file file(path);
    identity.add_file(*file.file(), file.header_bytes());
    tensors.insert(tensors.end(), file.tensors().begin(), file.tensors().end());
    model.files.push_back(file.file());
  }
  match(model, tensors);
  model.digest = identity.hex();
}

void open_gguf(checkpoint& model) {
  const auto parts = open_parts(model.path);
  model.format = file_format::gguf;
  model.config = read_config(parts.front());
  std::vector<stored_tensor> tensors;
  digest identity;
  for (const auto& part : parts) {
    tensors.insert(tensors.end(), part.tensors().begin(), part.tensors().end());
    identity.add_file(*part.file(), part.header_bytes());
    model.files.push_back(part.file());
  }
  match(model, tensors);
  model.digest = identity.hex();
}

} // namespace

checkpoint open_checkpoint(const std::filesystem::path& model) {
  checkpoint opened;
  opened.path = model;
  std::error_code error;
  if (std::filesystem::is_directory(model, error))
    open_folder(opened);
  else if (std::filesystem::exists(model, error))
    open_gguf(opened);
  else
    throw load_error(model.string() + ": there is no such model file or folder");
  return opened;
}

} // namespace troupe::engine
