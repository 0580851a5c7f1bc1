#include "configs/models.hpp"

#include <algorithm>
#include <map>

namespace troupe::config {

namespace {

namespace fs = std::filesystem;

/// A model's own name: the file's without `.gguf`, or the folder's.
std::string name_from(const fs::path& model) {
  const fs::path last = model.has_filename() ? model.filename() : model.parent_path().filename();
  return last.extension() == ".gguf" ? last.stem().string() : last.string();
}

std::string known_names(const std::vector<model_entry>& models) {
  std::string all;
  for (const model_entry& model : models)
    all += (all.empty() ? "\"" : ", \"") + model.name + '"';
  return all;
}

/// The model that `key` names; the first where it is empty.
template <class Models>
auto& model_of(const std::string& file, Models& models, const std::string& key, const std::string& word) {
  if (word.empty())
    return models.front();
  const auto found = std::find_if(models.begin(), models.end(), [&](const model_entry& model) {
    return model.name == word || std::find(model.aliases.begin(), model.aliases.end(), word) != model.aliases.end();
  });
  if (found == models.end())
    throw config_error{
      file + ": " + key + " must name a model, one of " + known_names(models) + ", got \"" + word + '"'};
  return *found;
}

/// The shorter of two bounds of which 0 is none.
std::size_t shorter(std::size_t a, std::size_t b) {
  return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b);
}

} // namespace

void name_models(const std::string& file, std::vector<model_entry>& models, std::vector<adapter_entry> adapters) {
  std::map<std::string, std::string> meanings{{"default", "the first model"}};
  const auto take = [&](const std::string& key, const std::string& word, const fs::path& path) {
    const auto [found, fresh] = meanings.emplace(word, path.string());
    if (!fresh)
      throw config_error{file + ": " + key + " must be a name of its own, and \"" + word + "\" means " + found->second +
        " already, got it for " + path.string()};
  };
  for (model_entry& model : models) {
    if (model.name.empty())
      model.name = name_from(model.path);
    // Whoever calls the first model so says what is the case.
    if (&model != &models.front() || model.name != "default")
      take("model.name", model.name, model.path);
  }
  for (model_entry& model : models)
    model.stay.model = model.name;
  for (const model_entry& model : models)
    for (const std::string& alias : model.aliases)
      take("model.aliases", alias, model.path);
  for (adapter_entry& adapter : adapters) {
    if (adapter.name.empty())
      adapter.name = name_from(adapter.path);
    model_entry& base = model_of(file, models, "adapter.base", adapter.base);
    take("adapter.name", adapter.name, adapter.path);
    take("adapter.name", base.name + ':' + adapter.name, adapter.path);
    base.adapters.push_back({adapter.name, adapter.path});
  }
}

fs::path find_model(const std::string& source, const fs::path& file, const fs::path& model, const std::string& wanted) {
  std::error_code ignored;
  if (fs::exists(model, ignored))
    return model;
  std::string tried = "does not exist";
  if (model.is_relative()) {
    const fs::path repository = fs::absolute(file).lexically_normal().parent_path().parent_path();
    fs::path second = repository / model;
    if (fs::exists(second, ignored))
      return second;
    tried = "exists neither in " + fs::current_path(ignored).string() + " nor in " + repository.string();
  }
  throw config_error{source + " must name " + wanted + ": \"" + model.string() + "\" " + tried};
}

std::vector<worker_options> staff(
  const std::string& file, const std::vector<model_entry>& models, std::vector<worker_entry> workers) {
  std::vector<worker_options> out;
  for (worker_entry& worker : workers) {
    const model_entry& model = model_of(file, models, "worker.model", worker.model);
    worker_options& options = worker.options;
    options.model = model.name;
    options.engine.model = model.path;
    options.engine.adapters = model.adapters;
    options.engine.dtype = worker.dtype.value_or(model.dtype);
    options.engine.max_step_tokens = options.step_tokens;
    options.engine.max_context = shorter(options.engine.max_context, model.context);
    out.push_back(std::move(options));
  }
  for (const model_entry& model : models)
    if (std::none_of(out.begin(), out.end(), [&](const worker_options& x) { return x.model == model.name; }))
      throw config_error{
        file + ": no [[worker]] holds the model \"" + model.name + "\": add one with model = \"" + model.name + '"'};
  return out;
}

} // namespace troupe::config
