#include "configs/config.hpp"

#include <algorithm>
#include <limits>

#include "configs/keys_file.hpp"
#include "configs/models.hpp"
#include "configs/places.hpp"
#include "configs/settings.hpp"
#include "configs/values.hpp"

namespace troupe::config {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& what) {
  throw config_error{what};
}

/// A table as its heading writes it.
std::string heading(const std::string& table) {
  return table == "worker" || table == "adapter" ? "[[" + table + "]]" : '[' + table + ']';
}

/// The known key that looks most like `word`. A key of the same table wins over one of another that is as near.
std::string nearest(const std::string& table, const std::string& word) {
  std::string best;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  const auto consider = [&](const std::string& key, const std::string& full, std::size_t detour) {
    if (const std::size_t cost = edit_distance(word, key) + detour; cost < least) {
      least = cost;
      best = full;
    }
  };
  const auto consider_all = [&](const auto& all) {
    for (const auto& s : all) {
      consider(s.key, s.table == table ? s.key : s.name(), s.table == table ? 0 : 1);
      if (table.empty() && !s.table.empty())
        consider(s.table, heading(s.table), 0);
    }
  };
  consider_all(settings());
  consider_all(model_settings());
  consider_all(adapter_settings());
  consider_all(worker_settings());
  return best;
}

[[noreturn]] void refuse_key(const std::string& file, const std::string& table, const toml::key& key) {
  const std::string where = table.empty() ? "the top level" : heading(table);
  const std::string word{key.str()};
  fail(place(file, key.source()) + ": unknown key \"" + word + "\" in " + where + "; did you mean \"" +
    nearest(table, word) + "\"?");
}

/// Reads the keys of one table. Keys in `apart` are read elsewhere.
template <class Target>
void read_table(const std::string& file, const std::string& table, const toml::table& source,
  const std::vector<setting<Target>>& all, Target& target, const std::vector<std::string>& apart = {}) {
  for (const auto& [key, node] : source) {
    const std::string word{key.str()};
    if (std::find(apart.begin(), apart.end(), word) != apart.end())
      continue;
    const auto known =
      std::find_if(all.begin(), all.end(), [&](const auto& s) { return s.table == table && s.key == word; });
    if (known == all.end())
      refuse_key(file, table, key);
    if (!known->read(target, node))
      fail(place(file, node.source()) + ": " + known->name() + " must be " + known->allowed + ", got " + shown(node));
  }
}

std::vector<std::string> table_names() {
  std::vector<std::string> names{"model", "adapter", "worker"};
  for (const auto& s : settings())
    if (!s.table.empty() && std::find(names.begin(), names.end(), s.table) == names.end())
      names.push_back(s.table);
  return names;
}

/// One `[model]`, or several `[[model]]`; without any there is the default one.
std::vector<model_entry> read_models(const std::string& file, const toml::table& document) {
  std::vector<model_entry> models;
  const auto read_one = [&](const toml::table& table) {
    models.push_back(default_model());
    read_table(file, "model", table, model_settings(), models.back());
  };
  const toml::node* found = document.get("model");
  if (!found)
    return {default_model()};
  if (found->is_table()) {
    read_one(*found->as_table());
    return models;
  }
  const toml::array* array = found->as_array();
  if (!array || array->empty() || !array->is_homogeneous<toml::table>())
    fail(place(file, found->source()) + ": model must be a table, [model], or one or more [[model]] tables, got " +
      shown(*found));
  for (const toml::node& element : *array) {
    const toml::table& table = *element.as_table();
    if (array->size() > 1 && !table.contains("path"))
      fail(place(file, table.source()) + ": model.path is missing in one of several [[model]] tables");
    read_one(table);
  }
  return models;
}

std::vector<adapter_entry> read_adapters(const std::string& file, const toml::table& document) {
  std::vector<adapter_entry> adapters;
  const toml::node* found = document.get("adapter");
  if (!found)
    return adapters;
  const toml::array* array = found->as_array();
  if (!array || array->empty() || !array->is_homogeneous<toml::table>())
    fail(place(file, found->source()) + ": adapter must be one or more [[adapter]] tables, got " + shown(*found));
  for (const toml::node& element : *array) {
    const toml::table& table = *element.as_table();
    if (!table.contains("path"))
      fail(place(file, table.source()) + ": adapter.path is missing");
    read_table(file, "adapter", table, adapter_settings(), adapters.emplace_back());
  }
  return adapters;
}

std::vector<worker_entry> read_workers(
  const std::string& file, const toml::table& document, const std::vector<model_entry>& models) {
  std::vector<worker_entry> workers;
  const toml::node* found = document.get("worker");
  if (!found) {
    for (const model_entry& model : models) {
      workers.push_back(default_worker());
      workers.back().model = model.name;
    }
    return workers;
  }
  const toml::array* array = found->as_array();
  if (!array || array->empty() || !array->is_homogeneous<toml::table>())
    fail(place(file, found->source()) + ": worker must be one or more [[worker]] tables, got " + shown(*found));
  for (const toml::node& element : *array) {
    const toml::table& table = *element.as_table();
    worker_entry worker = default_worker();
    read_table(file, "worker", table, worker_settings(), worker);
    const auto& options = worker.options;
    if (options.step_tokens < options.engine.max_sequences)
      fail(place(file, table.source()) + ": worker.step_tokens must be at least worker.max_sequences (" +
        std::to_string(options.engine.max_sequences) + "), so that every sequence gets a token each step, got " +
        std::to_string(options.step_tokens));
    workers.push_back(std::move(worker));
  }
  return workers;
}

void check_pairs(const std::string& file, const config& c) {
  if (c.certificate_path.empty() != c.private_key_path.empty())
    fail(file + ": http.certificate and http.private_key must both name a file, or none, got \"" +
      c.certificate_path.string() + "\" and \"" + c.private_key_path.string() + '"');
  const auto& supervisor = c.company.supervisor;
  if (supervisor.max_restart_delay < supervisor.restart_delay)
    fail(file + ": restart.max_delay must be at least restart.delay (" + format_duration(supervisor.restart_delay) +
      "), got " + format_duration(supervisor.max_restart_delay));
  const auto body = c.http.limit.body_bytes;
  if (c.company.gateway.max_waiting_bytes < body)
    fail(file + ": queue.max_waiting_bytes must be at least limits.body_bytes (" +
      format_bytes(static_cast<std::int64_t>(body)) + "), so that the largest request can wait, got " +
      format_bytes(static_cast<std::int64_t>(c.company.gateway.max_waiting_bytes)));
}

void apply(const overrides& flags, config& c, std::vector<worker_entry>& workers) {
  if (flags.host)
    c.http.host = *flags.host;
  if (flags.port)
    c.http.port = *flags.port;
  if (flags.allow_anonymous)
    c.http.allow_anonymous = true;
  if (flags.dtype) {
    const auto dtype = engine::parse_data_type(*flags.dtype);
    if (!dtype)
      fail("--dtype must be " + std::string{allowed_dtypes} + ", got \"" + *flags.dtype + '"');
    for (model_entry& model : c.models)
      model.dtype = *dtype;
    for (worker_entry& worker : workers)
      worker.dtype = dtype;
  }
  if (flags.threads) {
    if (*flags.threads < 0 || *flags.threads > most_threads)
      fail("--threads must be a whole number between 0 and " + std::to_string(most_threads) + ", got " +
        std::to_string(*flags.threads));
    for (worker_entry& worker : workers)
      worker.options.engine.threads = *flags.threads;
  }
}

/// Parses all but the workers' share of their models, which `staff` adds once the models' paths are known.
std::pair<config, std::vector<worker_entry>> read(
  const std::string& text, const std::string& file, const overrides& flags) {
  const toml::table document = parse_toml(text, file);
  config result;
  const auto tables = table_names();
  read_table(file, "", document, settings(), result, tables);
  for (const std::string& name : tables) {
    const toml::node* node = document.get(name);
    if (!node || name == "model" || name == "adapter" || name == "worker")
      continue;
    if (!node->is_table())
      fail(place(file, node->source()) + ": " + name + " must be a table, [" + name + "], got " + shown(*node));
    read_table(file, name, *node->as_table(), settings(), result);
  }
  result.models = read_models(file, document);
  if (flags.model)
    result.models.front().path = *flags.model;
  name_models(file, result.models, read_adapters(file, document));
  for (const model_entry& model : result.models)
    result.company.supervisor.memory.models.push_back(model.stay);
  auto workers = read_workers(file, document, result.models);
  check_pairs(file, result);
  apply(flags, result, workers);
  return {std::move(result), std::move(workers)};
}

} // namespace

config load(const fs::path& file, const overrides& flags) {
  auto [result, workers] = read(text_of("config file", file.string()), file.string(), flags);
  // A relative path starts at the config file.
  for (fs::path* path : {&result.keys_path, &result.certificate_path, &result.private_key_path})
    if (!path->empty())
      *path = file.parent_path() / *path;
  if (!result.keys_path.empty())
    result.keys = load_keys(result.keys_path);
  for (model_entry& model : result.models) {
    const bool by_flag = flags.model && &model == &result.models.front();
    model.path = find_model(
      by_flag ? "--model" : file.string() + ": model.path", file, model.path, "a .gguf file or a model's folder");
    for (auto& adapter : model.adapters)
      adapter.path = find_model(file.string() + ": adapter.path", file, adapter.path, "an adapter's folder");
  }
  result.company.workers = staff(file.string(), result.models, std::move(workers));
  return std::move(result);
}

config parse(const std::string& text, const std::string& name, const overrides& flags) {
  auto [result, workers] = read(text, name, flags);
  result.company.workers = staff(name, result.models, std::move(workers));
  return std::move(result);
}

} // namespace troupe::config
