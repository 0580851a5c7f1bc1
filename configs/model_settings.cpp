// The keys of the tables that there may be several of: models, adapters and workers.
#include <algorithm>
#include <sstream>

#include "configs/setting_kinds.hpp"

namespace troupe::config {

namespace {

using namespace std::chrono_literals;

setting<model_entry> model_temperature() {
  return {"model", "temperature", "a number between 0 and 2",
    [](model_entry& target, const toml::node& node) {
      const auto value = node.value<double>();
      if (!node.is_number() || !(*value >= 0 && *value <= 2))
        return false;
      target.temperature = *value;
      return true;
    },
    [](const model_entry& target) {
      std::ostringstream out;
      out << target.temperature;
      return out.str();
    }};
}

setting<model_entry> model_dtype() {
  return {"model", "dtype", std::string{allowed_dtypes},
    [](model_entry& target, const toml::node& node) {
      const auto dtype = engine::parse_data_type(node.value_exact<std::string>().value_or(""));
      target.dtype = dtype.value_or(target.dtype);
      return dtype.has_value();
    },
    [](const model_entry& target) { return quoted(std::string{engine::name(target.dtype)}); }};
}

setting<model_entry> model_aliases() {
  return {"model", "aliases", "a list of names, such as [\"small\"]",
    [](model_entry& target, const toml::node& node) {
      const toml::array* array = node.as_array();
      if (!array)
        return false;
      std::vector<std::string> found;
      for (const toml::node& element : *array) {
        auto alias = element.value_exact<std::string>();
        if (!alias || alias->empty())
          return false;
        found.push_back(std::move(*alias));
      }
      target.aliases = std::move(found);
      return true;
    },
    [](const model_entry& target) {
      std::string all;
      for (const std::string& alias : target.aliases)
        all += (all.empty() ? "" : ", ") + quoted(alias);
      return '[' + all + ']';
    }};
}

setting<model_entry> model_load() {
  return {"model", "load", R"("start" or "on-demand")",
    [](model_entry& target, const toml::node& node) {
      const auto word = node.value_exact<std::string>();
      if (word != "start" && word != "on-demand")
        return false;
      target.stay.on_demand = word == "on-demand";
      return true;
    },
    [](const model_entry& target) { return quoted(target.stay.on_demand ? "on-demand" : "start"); }};
}

setting<model_entry> model_pooling() {
  return {"model", "pooling", R"("mean" or "last")",
    [](model_entry& target, const toml::node& node) {
      const auto word = node.value_exact<std::string>();
      if (word != "mean" && word != "last")
        return false;
      target.pooling = word == "mean" ? engine::pooling::mean : engine::pooling::last;
      return true;
    },
    [](const model_entry& target) { return quoted(target.pooling == engine::pooling::mean ? "mean" : "last"); }};
}

setting<worker_entry> worker_dtype() {
  return {"worker", "dtype", std::string{allowed_dtypes} + ", or \"\" for the model's",
    [](worker_entry& target, const toml::node& node) {
      const auto word = node.value_exact<std::string>();
      if (!word)
        return false;
      target.dtype = engine::parse_data_type(*word);
      return target.dtype.has_value() || word->empty();
    },
    [](const worker_entry& target) {
      return quoted(target.dtype ? std::string{engine::name(*target.dtype)} : std::string{});
    }};
}

} // namespace

const std::vector<setting<model_entry>>& model_settings() {
  using e = model_entry;
  static const std::vector<setting<e>> all{
    text<e>("model", "path", at(&e::path), "a .gguf file or a model's folder",
      [](const std::string& word) { return !word.empty(); }),
    text<e>("model", "name", at(&e::name), "a name", [](const std::string&) { return true; }),
    model_aliases(),
    model_dtype(),
    count<e>("model", "context", at(&e::context), 0, any_count),
    model_temperature(),
    model_pooling(),
    model_load(),
    flag<e>("model", "pin", at(&e::stay, &residence::pinned)),
    duration<e>("model", "idle", at(&e::stay, &residence::idle), 0s, 8760h),
  };
  return all;
}

const std::vector<setting<adapter_entry>>& adapter_settings() {
  using e = adapter_entry;
  static const std::vector<setting<e>> all{
    text<e>("adapter", "path", at(&e::path), "a folder with adapter_config.json",
      [](const std::string& word) { return !word.empty(); }),
    text<e>("adapter", "name", at(&e::name), "a name without ':'",
      [](const std::string& word) { return word.find(':') == std::string::npos; }),
    text<e>("adapter", "base", at(&e::base), "the name of a model, or \"\" for the first",
      [](const std::string&) { return true; }),
  };
  return all;
}

const std::vector<setting<worker_entry>>& worker_settings() {
  using engine::engine_options;
  using e = worker_entry;
  const auto option = [](auto member) { return at(&e::options, &worker_options::engine, member); };
  static const std::vector<setting<worker_entry>> all{
    text<e>("worker", "model", at(&e::model), "the name of a model, or \"\" for the first",
      [](const std::string&) { return true; }),
    text<e>("worker", "device", option(&engine_options::device), R"("cpu" or "cuda:N" (N = 0, 1, ...))",
      [](const std::string& word) { return names_a_device(word); }),
    count<e>("worker", "threads", option(&engine_options::threads), 0, most_threads),
    worker_dtype(),
    count<e>("worker", "max_sequences", option(&engine_options::max_sequences), 1, 4096),
    count<e>("worker", "step_tokens", at(&e::options, &worker_options::step_tokens), 1, 65536),
    size<e>("worker", "kv_bytes", option(&engine_options::kv_bytes), mib, 4096 * gib),
    count<e>("worker", "kv_blocks", option(&engine_options::kv_blocks), 0, any_count),
    count<e>("worker", "block_size", option(&engine_options::block_size), 1, 1024),
    count<e>("worker", "max_context", option(&engine_options::max_context), 0, any_count),
    flag<e>("worker", "prefix_cache", at(&e::options, &worker_options::prefix_cache)),
  };
  return all;
}

model_entry default_model() {
  model_entry result;
  result.path = "models/SmolLM2-135M-Instruct.Q4_1.gguf";
  return result;
}

worker_entry default_worker() {
  worker_entry result;
  result.options.engine.max_sequences = 12;
  return result;
}

bool names_a_device(std::string_view word) {
  if (word == "cpu")
    return true;
  constexpr std::string_view prefix = "cuda:";
  if (!word.starts_with(prefix))
    return false;
  const std::string_view number = word.substr(prefix.size());
  return !number.empty() && number.size() <= 3 &&
    std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
}

} // namespace troupe::config
